import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { configSchema } from '../../src/core/config.ts';
import { type ConfigSources, loadConfig, readConfigFile } from '../../src/core/config-load.ts';
import { MillError } from '../../src/core/errors.ts';

const toml = (text: string): ConfigSources => ({ file: { path: 'settings.toml', text } });

/** What a wrong configuration says. */
function complaint(sources: ConfigSources): string {
  try {
    loadConfig(sources);
  } catch (error) {
    expect(error).toBeInstanceOf(MillError);
    expect((error as MillError).code).toBe('invalid_config');
    return (error as MillError).message;
  }
  return expect.unreachable('it was accepted');
}

describe('sources', () => {
  test('defaults alone make a whole configuration', () => {
    const { config, origins, file } = loadConfig({});
    expect(config).toEqual(configSchema.parse({}));
    expect(config.server).toMatchObject({ host: '127.0.0.1', port: 5000, max_upload_bytes: 20 * 1024 ** 3 });
    expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
    expect(file).toBeNull();
  });

  test('flags win over the environment, the environment over the file, the file over defaults', () => {
    const text = '[server]\nport = 1\nhost = "file"\n[queue]\nattempts = 7\n[logging]\nlevel = "warn"';
    const { config, origins } = loadConfig({
      ...toml(text),
      env: { MEDIAMILL_SERVER_PORT: '2', MEDIAMILL_SERVER_HOST: 'env' },
      flags: { 'server.port': '3', 'logging.level': undefined },
    });
    expect(config.server).toMatchObject({ port: 3, host: 'env' });
    expect(config.queue.attempts).toBe(7);
    expect(config.logging.level).toBe('warn');
    expect(origins).toMatchObject({
      'server.port': 'flag',
      'server.host': 'environment',
      'queue.attempts': 'file',
      'logging.level': 'file',
      'queue.database': 'default',
    });
  });

  test('nested keys have variables of their own', () => {
    const { config, origins } = loadConfig({ env: { MEDIAMILL_STORAGE_S3_BUCKET: 'films' } });
    expect(config.storage.s3).toMatchObject({ bucket: 'films', region: 'us-east-1', path_style: false });
    expect(origins['storage.s3.bucket']).toBe('environment');
  });

  test('sizes are bytes or words in all sources, lists are commas in the environment', () => {
    const { config } = loadConfig({
      ...toml('[server]\nmax_upload_bytes = "20GB"\nmax_body_bytes = 2048'),
      env: { MEDIAMILL_PROCESSING_MEMORY_LIMIT_BYTES: '1GiB', MEDIAMILL_NETWORK_ALLOW: '10.0.0.0/8, nas' },
    });
    expect(config.server).toMatchObject({ max_upload_bytes: 20e9, max_body_bytes: 2048 });
    expect(config.processing.memory_limit_bytes).toBe(1024 ** 3);
    expect(config.network.allow).toEqual(['10.0.0.0/8', 'nas']);
  });

  test('sections may be written as inline tables and dotted keys', () => {
    const { config } = loadConfig(toml('storage.s3 = { bucket = "b" }\nserver.port = 9'));
    expect(config.storage.s3.bucket).toBe('b');
    expect(config.server.port).toBe(9);
  });

  test('the result cannot be changed', () => {
    const { config } = loadConfig(toml('[network]\nallow = ["a"]'));
    expect(() => {
      (config.server as { port: number }).port = 1;
    }).toThrow(TypeError);
    expect(() => (config.network.allow as string[]).push('b')).toThrow(TypeError);
  });
});

describe('REDIS_URL', () => {
  test('chooses the backend and its address', () => {
    const { config, origins } = loadConfig({
      ...toml('[queue]\nbackend = "embedded"'),
      env: { REDIS_URL: 'redis://r:1' },
    });
    expect(config.queue.backend).toBe('redis');
    expect(config.redis.url).toBe('redis://r:1');
    expect(origins['queue.backend']).toBe('environment');
  });

  test('our own variables say it more exactly', () => {
    const env = {
      REDIS_URL: 'redis://r:1',
      MEDIAMILL_QUEUE_BACKEND: 'embedded',
      MEDIAMILL_REDIS_URL: 'redis://q:2',
    };
    const { config } = loadConfig({ env });
    expect(config.queue.backend).toBe('embedded');
    expect(config.redis.url).toBe('redis://q:2');
  });

  test('an empty one means nothing', () => {
    expect(loadConfig({ env: { REDIS_URL: '' } }).config.queue.backend).toBe('embedded');
  });
});

describe('mistakes name the key, its place and the nearest known one', () => {
  test.each([
    ['[server]\n\nprt = 1', 'settings.toml:3: unknown key "prt" in [server]. Did you mean "port"?'],
    [
      '# x\n[stroage]\ntype = "local"',
      'settings.toml:2: there is no section [stroage]. Did you mean [storage]?',
    ],
    [
      '[storage.s4]\nbucket = "b"',
      'settings.toml:1: there is no section [storage.s4]. Did you mean [storage.s3]?',
    ],
    ['port = 1', 'settings.toml:1: "port" belongs in [server].'],
    ['[storage]\nport = 1', 'settings.toml:2: "port" belongs in [server].'],
    ['queue = 3', 'settings.toml:1: "queue" is a section: write [queue].'],
    [
      '[storage]\ntype = "s4"',
      'settings.toml:2: storage.type = "s4": must be one of local, s3. Did you mean "s3"?',
    ],
    ['[server]\nport = 70000', 'settings.toml:2: server.port = 70000: must be at most 65535.'],
    ['[server]\nport = "5000"', 'settings.toml:2: server.port = "5000": must be a number.'],
    ['[queue]\nattempts = 1.5', 'settings.toml:2: queue.attempts = 1.5: must be a whole number.'],
    ['[server]\nhost = ""', 'settings.toml:2: server.host = "": must not be empty.'],
    [
      '[server]\nmax_upload_bytes = "20XB"',
      'settings.toml:2: server.max_upload_bytes = "20XB": must be a size such as 1048576, "10MB" or "10MiB".',
    ],
    ['[network]\nallow = [\n "a",\n 4\n]', 'settings.toml:2: network.allow = ["a",4]: must be a string.'],
    [
      'storage.s3 = { bucket = "b", regoin = "r" }',
      'settings.toml:1: unknown key "regoin" in [storage.s3]. Did you mean "region"?',
    ],
    ['[server]\nport = \n', 'settings.toml:2: not valid TOML (column 8): invalid value.'],
  ])('%j', (text, message) => {
    expect(complaint(toml(text))).toBe(message);
  });

  test('a key that resembles nothing is answered with the known ones', () => {
    expect(complaint(toml('[redis]\nzzzzzzzz = 1'))).toContain('Known are: url, queue_name.');
  });

  test('in the environment and in flags', () => {
    expect(complaint({ env: { MEDIAMILL_SERVR_PORT: '1' } })).toBe(
      'environment: MEDIAMILL_SERVR_PORT is no setting. Did you mean MEDIAMILL_SERVER_PORT?',
    );
    expect(complaint({ env: { MEDIAMILL_SERVER_PORT: 'x' } })).toBe(
      'MEDIAMILL_SERVER_PORT: server.port = "x": must be a number.',
    );
    expect(complaint({ env: { MEDIAMILL_SERVER_PORT: '' } })).toContain('must be a number');
    expect(complaint({ flags: { 'logging.level': 'inof' } })).toContain(
      '--log-level: logging.level = "inof"',
    );
  });

  test('all at once', () => {
    const message = complaint({ ...toml('[server]\nprt = 1\nport = -1'), env: { MEDIAMILL_X: '' } });
    expect(message.split('\n')).toHaveLength(3);
  });

  test('a bad value that another source replaces is no mistake', () => {
    const { config } = loadConfig({ ...toml('[server]\nport = -1'), env: { MEDIAMILL_SERVER_PORT: '8' } });
    expect(config.server.port).toBe(8);
  });

  test('variables of the command line are not settings', () => {
    expect(() =>
      loadConfig({ env: { MEDIAMILL_URL: 'x', MEDIAMILL_CONFIG: 'y', OTHER: 'z' } }),
    ).not.toThrow();
  });
});

describe('readConfigFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('reads the named file', () => {
    const path = join(folder, 'a.toml');
    writeFileSync(path, '[server]\n');
    expect(readConfigFile(path)).toEqual({ path, text: '[server]\n' });
  });

  test('a named file must exist', () => {
    expect(() => readConfigFile(join(folder, 'none.toml'))).toThrow(/none\.toml" does not exist/);
  });

  test('a folder is no file', () => {
    expect(() => readConfigFile(folder)).toThrow(/cannot be read \(EISDIR\)/);
  });
});
