import { constants, openAsBlob } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { MillError } from '../core/errors.ts';
import type { Client } from './client.ts';

/** Sends a file of this machine; answers its path in the storage of the server. Throws `input_not_found`. */
export async function uploadInput(client: Client, path: string): Promise<string> {
  await mustBeReadable(path);
  const form = new FormData();
  form.append('file', await openAsBlob(path), basename(path));
  return (await client.upload<{ path: string }>('/api/upload', form)).path;
}

/** A blob says only that it could not be opened, and of a folder nothing until it is read. */
async function mustBeReadable(path: string): Promise<void> {
  const problem = await access(path, constants.R_OK)
    .then(async () => ((await stat(path)).isFile() ? null : 'is not a file'))
    .catch(({ code }: NodeJS.ErrnoException) =>
      code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`,
    );
  if (problem === null) return;
  throw new MillError('input_not_found', `"${path}" ${problem}.`, {
    facts: { next: 'With --upload the input is a file of this machine; check its path.' },
  });
}
