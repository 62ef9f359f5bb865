import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { emptyFolder, mediamill, type RunOptions } from './mediamill.ts';

/** Exit code and what is said before the first line break, without any file having been made. */
async function refusal(args: string[], options: RunOptions): Promise<[number | null, string]> {
  const { code, stdout, stderr } = await mediamill(args, options);
  expect(stdout).toBe('');
  expect(stderr).not.toContain('    at ');
  return [code, stderr];
}

describe('a wrong setting stops the start and is named', () => {
  test('in the default file, with its line and the nearest key', async () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'config'));
    writeFileSync(join(cwd, 'config/settings.toml'), '[server]\n# the port\nprot = 1\n');
    const [code, message] = await refusal(['serve'], { cwd });
    expect(code).toBe(2);
    expect(message).toContain('config/settings.toml:3: unknown key "prot" in [server]. Did you mean "port"?');
  });

  test('in a named file that is no TOML', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'my.toml'), '[server]\nport\n');
    const [code, message] = await refusal(['worker', '--config', 'my.toml'], { cwd });
    expect(code).toBe(2);
    expect(message).toContain('my.toml:2: not valid TOML');
  });

  test('a named file must exist', async () => {
    for (const options of [{}, { env: { MEDIAMILL_CONFIG: 'none.toml' } }]) {
      const args = options.env ? ['serve'] : ['serve', '--config', 'none.toml'];
      const [code, message] = await refusal(args, options);
      expect(code).toBe(2);
      expect(message).toContain('"none.toml" does not exist');
    }
  });

  test('in the environment', async () => {
    const [code, message] = await refusal(['serve'], { env: { MEDIAMILL_SERVER_PROT: '1' } });
    expect(code).toBe(2);
    expect(message).toContain('Did you mean MEDIAMILL_SERVER_PORT?');
  });

  test('in a flag', async () => {
    const [code, message] = await refusal(['serve', '--port', '99999'], {});
    expect(code).toBe(2);
    expect(message).toContain('--port: server.port = 99999: must be at most 65535.');
  });
});

test('a storage in S3 without a bucket is said at the start', async () => {
  const env = { MEDIAMILL_STORAGE_TYPE: 's3' };
  const [code, message] = await refusal(['serve'], { env, cwd: emptyFolder() });
  expect(code).toBe(2);
  expect(message).toContain('[storage.s3] bucket is required when [storage] type is "s3".');
});

describe('Redis', () => {
  // Port 1 is reserved; nothing listens there.
  test.each([
    ['REDIS_URL', { REDIS_URL: 'redis://:secret@127.0.0.1:1' }],
    ['the backend', { MEDIAMILL_QUEUE_BACKEND: 'redis', MEDIAMILL_REDIS_URL: 'redis://:secret@127.0.0.1:1' }],
  ])('chosen by %s and not there: said in one line, without the password', async (_how, env) => {
    const [code, message] = await refusal(['serve'], { env, cwd: emptyFolder() });
    expect(code).toBe(1);
    expect(message).toContain('Redis at 127.0.0.1:1');
    expect(message).not.toContain('secret');
  });

  test('an address that is none is a wrong setting', async () => {
    const [code, message] = await refusal(['serve'], {
      env: { REDIS_URL: 'http://localhost' },
      cwd: emptyFolder(),
    });
    expect(code).toBe(2);
    expect(message).toContain('[redis] url is not the address of a Redis');
  });
});
