import type { Duplex, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MillError } from '../../core/errors.ts';

/** Pipes what a sender sends; what goes wrong on its side is told from what goes wrong on ours. */
export async function receive(
  content: Readable,
  through: Duplex,
  into: Writable,
  signal: AbortSignal | undefined,
): Promise<void> {
  // A pipeline destroys all streams with the error of one: whose it was shows in who is first to tell.
  let failed: unknown = content.errored || content.destroyed ? content : undefined;
  for (const stream of [content, through, into]) {
    stream.once('error', () => {
      failed ??= stream;
    });
  }
  content.once('close', () => {
    if (!content.readableEnded) failed ??= content;
  });
  try {
    await pipeline(content, through, into, { signal });
  } catch (error) {
    if (failed !== content || signal?.aborted || error instanceof MillError) throw error;
    throw new MillError('invalid_request', 'The data broke off before its end.', { cause: error });
  }
}
