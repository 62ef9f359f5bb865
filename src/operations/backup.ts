/** Copies an embedded installation while programs work on it: its queue and its ledger. */
import { existsSync } from 'node:fs';
import type { Config } from '../core/config.ts';
import { MillError } from '../core/errors.ts';
import { ledgerFile } from '../ledger/file.ts';
import { type BackupReport, backupDatabase } from '../queue/drivers/sqlite/backup.ts';

/** Throws `invalid_request` for a queue on Redis, and what {@link backupDatabase} throws. */
export async function backupInstallation(
  { queue }: Config,
  file: string,
  options: { replace: boolean },
): Promise<BackupReport[]> {
  if (queue.backend === 'redis') {
    throw new MillError(
      'invalid_request',
      'The queue is on Redis: save its append-only file or take a snapshot there. docs/operations.md says how.',
    );
  }
  const ledger = ledgerFile(queue.database);
  const jobs = await backupDatabase(queue.database, file, options);
  // The first start makes it.
  if (!existsSync(ledger)) return [jobs];
  return [jobs, await backupDatabase(ledger, ledgerFile(file), options)];
}
