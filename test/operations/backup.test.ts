/** Copies of the embedded queue that are made while it works, and put back. */
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { configSchema } from '../../src/core/config.ts';
import openSqliteLedger from '../../src/ledger/drivers/sqlite.ts';
import { backupInstallation } from '../../src/operations/backup.ts';
import openSqliteQueue from '../../src/queue/drivers/sqlite.ts';
import { emptyFolder, mediamill } from '../cli/mediamill.ts';
import { newJob, put } from '../contracts/queue/kit.ts';

const configOf = (database: string) => configSchema.parse({ queue: { database } });

test('a copy made under load has every job that was acknowledged before it began, and is whole', async () => {
  const folder = emptyFolder();
  const database = join(folder, 'mediamill.db');
  await using queue = await closing(database);
  const ledger = await openSqliteLedger({ database: join(folder, 'mediamill-keys.db') });
  await ledger.put('keys', 'k1', { name: 'first' });
  const acknowledged: string[] = [];
  let writing = true;
  const writer = (async () => {
    while (writing) {
      for (const { id } of await queue.enqueue(Array.from({ length: 20 }, () => newJob())))
        acknowledged.push(id);
    }
  })();
  await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(200);

  const before = [...acknowledged];
  const files = await backupInstallation(configOf(database), join(folder, 'copy.db'), { replace: false });
  writing = false;
  await writer;
  await ledger.close();
  expect(files.map(({ file }) => file)).toEqual([join(folder, 'copy.db'), join(folder, 'copy-keys.db')]);
  // One file each: nothing beside them is needed.
  for (const end of ['-wal', '-shm', '.part']) expect(existsSync(join(folder, `copy.db${end}`))).toBe(false);

  const db = new DatabaseSync(join(folder, 'copy.db'), { readOnly: true });
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  db.close();
  // Put back in another place, it is the queue as it was.
  const restored = join(emptyFolder(), 'mediamill.db');
  copyFileSync(join(folder, 'copy.db'), restored);
  await using second = await closing(restored);
  for (const id of before) expect(await second.get(id)).toMatchObject({ id, status: 'queued' });
  expect(await second.claim('w', 30_000)).toMatchObject({ job: { id: before[0] } });
  const keys = await openSqliteLedger({ database: join(folder, 'copy-keys.db') });
  expect(await keys.get('keys', 'k1')).toMatchObject({ value: { name: 'first' } });
  await keys.close();
}, 60_000);

test('the command says what it wrote, and replaces nothing unasked', async () => {
  const cwd = emptyFolder();
  const queue = await openSqliteQueue({ database: join(cwd, 'data/mediamill.db') });
  await put(queue);
  expect(await mediamill(['backup', 'copy.db'], { cwd })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^copy\.db {2}\d+/),
  });
  expect(await mediamill(['backup', 'copy.db'], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('(output_exists)'),
  });
  const again = await mediamill(['backup', 'copy.db', '--replace', '--json'], { cwd });
  expect(JSON.parse(again.stdout).files).toMatchObject([{ file: 'copy.db', size_bytes: expect.any(Number) }]);
  expect(await mediamill(['backup', 'no/such/folder/copy.db'], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('(output_not_writable)'),
  });
  await queue.close();
  expect(await mediamill(['backup', 'x.db', '--database', 'nothing.db'], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no database nothing.db'),
  });
  const redis = await mediamill(['backup', 'x.db'], { cwd, env: { REDIS_URL: 'redis://127.0.0.1:1' } });
  expect(redis).toMatchObject({ code: 2, stderr: expect.stringContaining('on Redis') });
}, 60_000);

test('a damaged database gives no copy', async () => {
  const folder = emptyFolder();
  const database = join(folder, 'mediamill.db');
  writeFileSync(database, 'This is no database, but a text of some length.\n'.repeat(50));
  const copy = join(folder, 'copy.db');
  await expect(backupInstallation(configOf(database), copy, { replace: false })).rejects.toMatchObject({
    code: 'queue_unavailable',
  });
  expect(existsSync(copy)).toBe(false);
  expect(existsSync(`${copy}.part`)).toBe(false);
});

async function closing(database: string) {
  const queue = await openSqliteQueue({ database });
  return Object.assign(queue, { [Symbol.asyncDispose]: () => queue.close() });
}
