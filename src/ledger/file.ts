import { join, parse } from 'node:path';

/** The ledger of an embedded installation lies beside the database of its queue. */
export function ledgerFile(database: string): string {
  const { dir, name } = parse(database);
  return join(dir, `${name}-keys.db`);
}
