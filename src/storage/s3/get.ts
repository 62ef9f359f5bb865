/** Reads objects: as a stream that survives broken connections, and into a file in several ranges at once. */
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { MillError } from '../../core/errors.ts';
import type { ByteRange } from '../port.ts';
import type { Connection } from './connection.ts';
import { abortedBy, isNamed, s3Fault } from './faults.ts';
import { inParallel, type ObjectHead } from './objects.ts';

/** One range of a download to a file. */
const RANGE_BYTES = 16 * 1024 ** 2;
const RANGES_AT_A_TIME = 4;
/** Before a broken stream is taken up again; doubled each time. */
const RESUME_WAIT_MS = 200;

interface OpenBody {
  body: Readable;
  etag: string;
}

async function openBody(
  { ask, sdk, bucket }: Connection,
  key: string,
  range: { start: number; end?: number } | undefined,
  etag: string | undefined,
  signal: AbortSignal,
): Promise<OpenBody> {
  const command = new sdk.GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(range && { Range: `bytes=${range.start}-${range.end ?? ''}` }),
    // Never the end of another content glued to the beginning of this one.
    ...(etag && { IfMatch: etag }),
  });
  try {
    const { Body, ETag = '' } = await ask((client, options) => client.send(command, options), signal);
    return { body: Body as Readable, etag: ETag };
  } catch (error) {
    if (isNamed(error, 'PreconditionFailed', '412')) throw replaced(error);
    throw error;
  }
}

/**
 * Rejects when the object cannot be opened. A connection that breaks later is taken up again where it broke, a
 * bounded number of times without progress; destroying the stream ends the request.
 */
export async function streamObject(
  connection: Connection,
  key: string,
  range?: ByteRange,
  version?: string,
): Promise<Readable> {
  const gone = new AbortController();
  const first = await openBody(connection, key, range, version && `"${version}"`, gone.signal);
  const stream = Readable.from(resumed(connection, key, range, first, gone.signal), { objectMode: false });
  stream.once('close', () => gone.abort());
  return stream;
}

async function* resumed(
  connection: Connection,
  key: string,
  range: ByteRange | undefined,
  first: OpenBody,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let { body } = first;
  const close = () => body.destroy();
  signal.addEventListener('abort', close, { once: true });
  let at = range?.start ?? 0;
  let failures = 0;
  try {
    for (;;) {
      try {
        for await (const chunk of body as AsyncIterable<Buffer>) {
          at += chunk.length;
          failures = 0;
          yield chunk;
        }
        return;
      } catch (error) {
        const fault = s3Fault(error, signal);
        if (signal.aborted || fault.code !== 'storage_unavailable') throw fault;
        if (++failures >= connection.attempts) throw fault;
        await pause(RESUME_WAIT_MS * 2 ** failures, signal);
        if (range && at > range.end) return;
        const rest = { start: at, ...(range && { end: range.end }) };
        ({ body } = await openBody(connection, key, rest, first.etag, signal));
      }
    }
  } finally {
    signal.removeEventListener('abort', close);
    body.destroy();
  }
}

/** Into a new local file; what there is of it stays when this fails. */
export async function downloadObject(
  connection: Connection,
  key: string,
  { size_bytes, etag }: ObjectHead,
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  try {
    await using handle = await open(file, 'wx', 0o640);
    await inParallel(ranges(size_bytes), RANGES_AT_A_TIME, async (range) => {
      try {
        const whole = range.start === 0 && range.end === size_bytes - 1;
        const source = { connection, key, range: whole ? undefined : range, etag };
        const bytes = await copyRange(source, handle, range.start, either);
        if (bytes !== range.end - range.start + 1) {
          throw new MillError('storage_unavailable', 'The bucket sent fewer bytes than the object has.');
        }
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    });
  } catch (error) {
    throw s3Fault(error, signal);
  }
}

async function copyRange(
  {
    connection,
    key,
    range,
    etag,
  }: { connection: Connection; key: string; range: ByteRange | undefined; etag: string },
  handle: FileHandle,
  position: number,
  signal: AbortSignal,
): Promise<number> {
  const first = await openBody(connection, key, range, etag, signal);
  let at = position;
  for await (const chunk of resumed(connection, key, range, first, signal)) {
    at += await writeAll(handle, chunk, at);
  }
  return at - position;
}

/** A disk that fills up may take a part of a write without an error. */
async function writeAll(handle: FileHandle, chunk: Buffer, position: number): Promise<number> {
  let written = 0;
  while (written < chunk.length) {
    const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, position + written);
    written += bytesWritten;
  }
  return written;
}

function* ranges(size: number): Generator<ByteRange> {
  for (let start = 0; start < size; start += RANGE_BYTES) {
    yield { start, end: Math.min(start + RANGE_BYTES, size) - 1 };
  }
}

function replaced(cause: unknown): MillError {
  return new MillError('storage_unavailable', 'The object was replaced while it was read.', { cause });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = () => {
    clearTimeout(timer);
    reject(abortedBy(signal));
  };
  const timer = setTimeout(() => {
    signal.removeEventListener('abort', stop);
    resolve();
  }, ms);
  signal.addEventListener('abort', stop, { once: true });
  return promise;
}
