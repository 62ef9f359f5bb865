import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import openSqliteLedger from '../../src/ledger/drivers/sqlite.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { ledgerContract } from '../contracts/ledger.ts';

ledgerContract('sqlite', async () => {
  const root = await mkdtemp(join(tmpdir(), 'mill-ledger-'));
  const handles: Ledger[] = [];
  return {
    async open() {
      const ledger = await openSqliteLedger({ database: join(root, 'deep', 'ledger.db') });
      handles.push(ledger);
      return ledger;
    },
    async dispose() {
      for (const handle of handles) await handle.close();
      await rm(root, { recursive: true, force: true });
    },
  };
});

test('the file is for its owner alone, and a database of another program is refused', async () => {
  const root = await mkdtemp(join(tmpdir(), 'mill-ledger-'));
  const file = join(root, 'ledger.db');
  const ledger = await openSqliteLedger({ database: file });
  await ledger.close();
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const foreign = new DatabaseSync(join(root, 'other.db'));
  foreign.exec('CREATE TABLE t (a)');
  foreign.close();
  await expect(openSqliteLedger({ database: join(root, 'other.db') })).rejects.toMatchObject({
    code: 'queue_unavailable',
  });
  await rm(root, { recursive: true, force: true });
});
