import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../src/core/config.ts';
import { configKeys } from '../../src/core/config-keys.ts';
import { loadConfig } from '../../src/core/config-load.ts';

const keys = configKeys();

test('the keys of the reference are there, with its names', () => {
  const paths = keys.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      'redis.url',
      'redis.queue_name',
      'storage.type',
      'storage.input_path',
      'storage.output_path',
      'storage.s3.bucket',
      'storage.s3.region',
      'processing.max_workers',
      'processing.timeout_seconds',
      'logging.level',
      'logging.format',
    ]),
  );
});

test.each(keys)('$path has a description, a variable and a default that the schema accepts', (key) => {
  expect(key.description).toMatch(/^.{10,}[.]$/);
  expect(key.env).toMatch(/^MEDIAMILL_[A-Z0-9_]+$/);
  const [section = '', ...rest] = key.path.split('.');
  const nested = rest.reduceRight<unknown>((value, part) => ({ [part]: value }), key.default);
  expect(configSchema.parse({ [section]: nested })).toEqual(configSchema.parse({}));
});

describe('config/settings.toml', () => {
  const text = readFileSync('config/settings.toml', 'utf8');

  test('changes nothing as it is', () => {
    const { config, origins } = loadConfig({ file: { path: 'config/settings.toml', text } });
    expect(config).toEqual(configSchema.parse({}));
    expect(Object.values(origins)).not.toContain('file');
  });

  test('shows every key with its default', () => {
    const uncommented = text.replace(/^# (\w+ = )/gm, '$1');
    const { config, origins } = loadConfig({ file: { path: 'config/settings.toml', text: uncommented } });
    expect(config).toEqual(configSchema.parse({}));
    expect(Object.entries(origins).filter(([, origin]) => origin !== 'file')).toEqual([]);
  });
});
