/** What a job left in its work folder. */
import { lstat, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { MillError } from '../core/errors.ts';
import type { OutputSpec } from '../core/job.ts';
import type { Outcome } from './protocol.ts';

/** Lists the files a job wrote as its target. Throws `output_verification_failed` when there are none. */
export async function listOutputs(
  kind: OutputSpec['kind'],
  work: string,
  target: string,
): Promise<Outcome['outputs']> {
  if (kind === 'none') return [];
  const path = join(work, target);
  const stats = await lstat(path).catch(() => null);
  if (kind === 'file') {
    if (!stats?.isFile()) throw nothingWritten(`the file ${target}`);
    return [{ name: target, size_bytes: stats.size }];
  }
  if (!stats?.isDirectory()) throw nothingWritten(`the folder ${target}`);
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  if (names.length === 0) throw nothingWritten(`files in the folder ${target}`);
  return await Promise.all(
    names.map(async (name) => ({
      name,
      size_bytes: (await lstat(join(path, name))).size,
    })),
  );
}

function nothingWritten(what: string): MillError {
  return new MillError('output_verification_failed', `The job ended without writing ${what}.`);
}
