/** Writing the output of a job: complete in its work folder, or not there at all. */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { toMillError } from '../../core/errors.ts';
import type { FileJobContext } from '../../core/job.ts';
import { abortFailure } from './abort.ts';

/**
 * Gives `write` the path of the output and removes whatever is there when it fails. Failures come out as
 * {@link MillError}; those after an abort with the reason of the abort.
 */
export async function writeOutput<T>(
  context: Pick<FileJobContext, 'work' | 'target' | 'signal'>,
  write: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(context.work, context.target.name);
  try {
    const result = await write(path);
    context.signal.throwIfAborted();
    return result;
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw context.signal.aborted ? abortFailure(context.signal) : toMillError(error);
  }
}

/** Writes pieces to a new file, through `transforms` where given. */
export async function writePieces(
  path: string,
  pieces: AsyncIterable<Buffer>,
  signal: AbortSignal,
  ...transforms: NodeJS.ReadWriteStream[]
): Promise<void> {
  const source = Readable.from(pieces, { objectMode: false });
  const sink = createWriteStream(path, { flags: 'wx' });
  try {
    await pipeline([source, ...transforms, sink], { signal });
  } finally {
    // A file that is still being opened would appear after it was cleared away.
    sink.destroy();
    if (!sink.closed) await new Promise<void>((closed) => sink.once('close', closed));
  }
}
