import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../core/config.ts';
import type { Cage } from '../runner/cage.ts';

/** What job processes are kept from here; `workOnly`: nothing but work folders is theirs to write. */
export async function composeCage({ processing, storage }: Config, workOnly: boolean): Promise<Cage | null> {
  if (processing.cage === 'off') return null;
  const { findCage } = await import('../runner/cage.ts');
  const folder = workOnly && storage.type === 'local' ? await realpath(storage.output_path) : null;
  return (await findCage(folder === null ? null : [join(folder, '.work')])).cage;
}
