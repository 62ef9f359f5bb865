/** The Kubernetes example: its parts fit together, and it names settings and metrics that exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { configKeys } from '../../src/core/config-keys.ts';

const FOLDER = 'deploy/kubernetes';

interface Container {
  name: string;
  image: string;
  args: string[];
  env?: { name: string; value: string }[];
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  ports: { name: string; containerPort: number }[];
  volumeMounts: { name: string }[];
  livenessProbe?: { httpGet: { path: string; port: string } };
  resources: { requests: object; limits: object };
}
interface Manifest {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  spec: {
    selector?: Record<string, unknown> & { matchLabels?: Record<string, string> };
    ports?: { targetPort: string }[];
    scaleTargetRef?: { name: string };
    triggers?: { metadata: { query: string; threshold: string } }[];
    volumeClaimTemplates?: { metadata: { name: string } }[];
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        containers: Container[];
        securityContext: { runAsNonRoot: boolean };
        volumes?: { name: string; persistentVolumeClaim?: { claimName: string } }[];
      };
    };
  };
}

const manifests = readdirSync(FOLDER).flatMap((file) =>
  parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8')).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  }),
);
const named = (kind: string) =>
  manifests.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
const pods = manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');

test('what refers to something refers to what is there', () => {
  expect(pods).toHaveLength(3);
  for (const { spec } of pods) {
    expect(spec.template.metadata.labels).toMatchObject(spec.selector?.matchLabels ?? {});
    const { containers, volumes = [], securityContext } = spec.template.spec;
    expect(securityContext.runAsNonRoot).toBe(true);
    const claims = spec.volumeClaimTemplates?.map(({ metadata }) => metadata.name) ?? [];
    for (const container of containers) {
      for (const { name } of container.volumeMounts) {
        expect([...volumes.map((volume) => volume.name), ...claims]).toContain(name);
      }
      for (const { configMapRef, secretRef } of container.envFrom ?? []) {
        if (configMapRef) expect(named('ConfigMap')).toContain(configMapRef.name);
        if (secretRef) expect(named('Secret')).toContain(secretRef.name);
      }
      const port = container.livenessProbe?.httpGet.port;
      if (port) expect(container.ports.map(({ name }) => name)).toContain(port);
    }
    for (const { persistentVolumeClaim } of volumes) {
      if (persistentVolumeClaim) {
        expect(named('PersistentVolumeClaim')).toContain(persistentVolumeClaim.claimName);
      }
    }
  }
  for (const { spec } of manifests.filter(({ kind }) => kind === 'Service')) {
    const behind = pods.filter((pod) =>
      Object.entries(spec.selector ?? {}).every(
        ([key, value]) => pod.spec.template.metadata.labels[key] === value,
      ),
    );
    expect(behind).toHaveLength(1);
    const ports = behind[0]?.spec.template.spec.containers.flatMap((container) => container.ports) ?? [];
    for (const { targetPort } of spec.ports ?? [])
      expect(ports.map(({ name }) => name)).toContain(targetPort);
  }
});

test('settings exist', () => {
  const known = configKeys().map(({ env }) => env);
  const maps = manifests
    .filter(({ kind }) => kind === 'ConfigMap')
    .flatMap(({ data }) => Object.keys(data ?? {}));
  const own = pods.flatMap(({ spec }) => spec.template.spec.containers.flatMap(({ env }) => env ?? []));
  const names = [...maps, ...own.map(({ name }) => name)].filter((name) => name.startsWith('MEDIAMILL_'));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(known).toContain(name);
  // Those in comments too: they are there to be used.
  for (const file of readdirSync(FOLDER)) {
    for (const [name] of readFileSync(join(FOLDER, file), 'utf8').matchAll(/MEDIAMILL_[A-Z0-9_]+/g)) {
      expect(known).toContain(name);
    }
  }
});

test('workers follow the queue, as many as have jobs to do', () => {
  const scaled = manifests.find(({ kind }) => kind === 'ScaledObject');
  const target = manifests.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === scaled?.spec.scaleTargetRef?.name,
  );
  const [trigger] = scaled?.spec.triggers ?? [];
  expect(trigger?.metadata.query).toMatch(/mediamill_jobs\{status=~"queued\|started"\}/);
  const env = target?.spec.template.spec.containers[0]?.env ?? [];
  const jobsAtATime = env.find(({ name }) => name === 'MEDIAMILL_PROCESSING_MAX_WORKERS')?.value;
  expect(trigger?.metadata.threshold).toBe(jobsAtATime);
});
