/** Alert rules, Prometheus' settings and the Grafana dashboard: valid, tried, and about metrics that there are. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Registry as MetricsRegistry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { observeJobs } from '../../src/observability/job-metrics.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { meterStorage } from '../../src/observability/storage-metrics.ts';
import { startServer, type TestServer } from '../server/fixtures/server.ts';

const FOLDER = 'deploy/prometheus';
const RULES = 'mediamill.rules.yml';

/** Null when it is there; else why these tests are left out. In CI it must be there. */
function whyNoPromtool(): string | null {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    if (process.env.CI) return null; // Let the tests fail.
    return 'left out: promtool is not installed (apt-get install prometheus)';
  }
}

const promtool = (...args: string[]) => execFileSync('promtool', args, { cwd: FOLDER, encoding: 'utf8' });
const absent = whyNoPromtool();
if (absent) console.warn(absent);

describe.skipIf(absent)('promtool', () => {
  test('finds nothing wrong with the rules and the settings', () => {
    expect(promtool('check', 'rules', RULES)).toMatch(/SUCCESS: 1[0-9] rules found/);
    expect(promtool('check', 'config', 'prometheus.yml')).toContain('is valid');
  });

  test('the alerts fire when they must, and only then', () => {
    expect(promtool('test', 'rules', 'mediamill.rules.test.yml')).toContain('SUCCESS');
  });
});

describe('what rules and dashboard ask for', () => {
  let server: TestServer;
  const told = new Set<string>();
  beforeAll(async () => {
    server = await startServer();
    const metrics = new MetricsRegistry();
    observeJobs(metrics);
    meterStorage(server.storage, metrics);
    const text = [
      (await server.app.inject('/metrics')).body,
      await metrics.metrics(),
      await createMetrics('1').metrics(),
    ].join('\n');
    for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      told.add(name);
      if (type === 'histogram') for (const part of ['bucket', 'count', 'sum']) told.add(`${name}_${part}`);
    }
  });
  afterAll(() => server.close());

  const asked = (path: string) => new Set(readFileSync(path, 'utf8').match(/\bmediamill_[a-z0-9_]+/g) ?? []);

  test.each([
    ['the alert rules', `${FOLDER}/${RULES}`],
    ['the tests of the alert rules', `${FOLDER}/mediamill.rules.test.yml`],
    ['the dashboard', 'deploy/grafana/mediamill.json'],
    ['the autoscaling', 'deploy/kubernetes/autoscaling.yml'],
    ['the page about it', 'docs/observability.md'],
  ])('%s', (_, path) => {
    const names = asked(path);
    expect(names.size).toBeGreaterThan(0);
    for (const name of names) expect([...told]).toContain(name);
  });

  test('the dashboard is whole: every panel asks something, none lies on another', () => {
    const { panels } = JSON.parse(readFileSync('deploy/grafana/mediamill.json', 'utf8')) as {
      panels: {
        id: number;
        type: string;
        gridPos: { x: number; y: number; w: number; h: number };
        targets?: unknown[];
      }[];
    };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const panel of panels) {
      if (panel.type !== 'row') expect(panel.targets?.length).toBeGreaterThan(0);
      const { x, y, w, h } = panel.gridPos;
      expect(x + w).toBeLessThanOrEqual(24);
      const others = panels.filter(
        ({ id, gridPos: o }) =>
          id !== panel.id && x < o.x + o.w && o.x < x + w && y < o.y + o.h && o.y < y + h,
      );
      expect(others).toEqual([]);
    }
  });
});
