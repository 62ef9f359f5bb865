/** The compose files: as the specification wants them, and of this program. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createProgram } from '../../src/cli/program.ts';
import { configKeys } from '../../src/core/config-keys.ts';

interface Service {
  command?: string[];
  environment?: Record<string, string | null>;
  volumes?: string[];
  healthcheck?: { test: string[] };
  restart?: string;
  deploy?: { replicas: number };
}
interface ComposeFile {
  services: Record<string, Service>;
  volumes?: Record<string, unknown>;
}

const FILES = ['docker-compose.yml', 'docker-compose.s3.yml'];
const read = (path: string) => parse(readFileSync(path, 'utf8'), { merge: true }) as ComposeFile;

// https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json, Apache-2.0, of June 2026.
const schema = JSON.parse(readFileSync('test/deploy/compose-spec.json', 'utf8'));
const { $schema: _, $id: __, ...rules } = schema;
const validate = new Ajv({ strict: false, validateFormats: false }).compile(rules);

describe.each(FILES)('%s', (file) => {
  const compose = read(file);
  const services = Object.entries(compose.services);

  test('fits the schema of the specification', () => {
    validate(compose);
    expect(validate.errors).toBeNull();
  });

  test('sets only settings that exist', () => {
    const known = configKeys().map(({ env }) => env);
    const names = services.flatMap(([, { environment }]) => Object.keys(environment ?? {}));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names.filter((one) => one.startsWith('MEDIAMILL_'))) expect(known).toContain(name);
  });

  test('mounts only volumes it declares', () => {
    for (const [, { volumes = [] }] of services) {
      for (const volume of volumes)
        expect(Object.keys(compose.volumes ?? {})).toContain(volume.split(':')[0]);
    }
  });
});

test('a file that does not fit is noticed', () => {
  expect(validate({ services: { web: { imagee: 'x' } } })).toBe(false);
  expect(validate({ services: { web: { image: 'x', restart: 3 } } })).toBe(false);
});

test('the three parts are there, with Redis as the queue needs it', async () => {
  const { redis, web, worker } = read('docker-compose.yml').services;
  expect(redis?.command).toEqual(expect.arrayContaining(['--appendonly', 'yes', 'noeviction']));
  expect(web?.command).toEqual(['serve', '--no-worker']);
  expect(worker?.command).toEqual(['worker']);
  expect(worker?.deploy?.replicas).toBe(2);
  const commands = (await createProgram()).commands.map((command) => command.name());
  for (const service of [web, worker]) {
    expect(service?.environment?.REDIS_URL).toBe('redis://redis:6379');
    expect(service?.volumes).toEqual(['data:/data']);
    expect(service?.restart).toBe('unless-stopped');
    const [how, program, command = ''] = service?.healthcheck?.test ?? [];
    expect([how, program]).toEqual(['CMD', 'mediamill']);
    expect(commands).toContain(command);
  }
});
