/**
 * Streams into one object, in parts where it is long. The object appears when all of it is there, or not at all;
 * parts of an upload that failed are taken back.
 *
 * The SDK's lib-storage is not used: it neither stops the parts under way when one fails or the signal aborts,
 * nor waits for them, so that an abort right behind them may leave parts that are paid for and seen by nobody.
 */
import { lookup } from 'mime-types';
import { MillError } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import { abortedBy, isNamed } from './faults.ts';
import { headObject, inParallel } from './objects.ts';

/** S3 takes parts of 5 MiB and more; larger ones cost fewer requests and more memory. */
const PART_BYTES = 8 * 1024 ** 2;
const MAX_PARTS = 10_000;
/** Parts under way at a time, each held in memory. */
const PARTS_AT_A_TIME = 3;
/** For taking an upload back when the storage is in trouble. */
const ABORT_TRIES = 5;
const ABORT_WAIT_MS = 300;
/** For parts that were on their way when the upload was taken back. */
const SETTLE_MS = 100;

export interface PutOptions {
  /** Bytes, or the most there may be: decides how large the parts are. */
  atMost: number;
  /** Kept with the object; printable ASCII. */
  metadata?: Record<string, string>;
  signal?: AbortSignal;
}

/** Bytes stored. */
export async function putObject(
  connection: Connection,
  key: string,
  content: AsyncIterable<Buffer>,
  { atMost, metadata, signal }: PutOptions,
): Promise<number> {
  const target = {
    Bucket: connection.bucket,
    Key: key,
    ContentType: mediaTypeOf(key),
    ...(metadata && { Metadata: metadata }),
  };
  const parts = cut(content, Math.max(PART_BYTES, Math.ceil(atMost / MAX_PARTS)));
  const { value: first } = await parts.next();
  const second = await parts.next();
  if (second.done) {
    await putWhole(connection, target, first ?? Buffer.alloc(0), signal);
    return first?.length ?? 0;
  }
  return putParts(connection, target, chain([first as Buffer, second.value], parts), signal);
}

/** What an object is called and said to be. */
export interface Target {
  Bucket: string;
  Key: string;
  ContentType: string;
  Metadata?: Record<string, string>;
}

async function putWhole(
  { ask, sdk }: Connection,
  target: Target,
  body: Buffer,
  signal?: AbortSignal,
): Promise<void> {
  const command = new sdk.PutObjectCommand({ ...target, Body: body, ContentLength: body.length });
  await ask((client, options) => client.send(command, options), signal);
}

async function putParts(
  connection: Connection,
  target: Target,
  parts: AsyncIterable<Buffer>,
  signal?: AbortSignal,
): Promise<number> {
  const { ask, sdk } = connection;
  const upload = await createUpload(connection, target, signal);
  const failed = new AbortController();
  const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const done: { PartNumber: number; ETag: string | undefined }[] = [];
  let bytes = 0;
  try {
    await inParallel(numbered(parts), PARTS_AT_A_TIME, async ({ PartNumber, body }) => {
      bytes += body.length;
      try {
        const command = new sdk.UploadPartCommand({
          ...upload,
          PartNumber,
          Body: body,
          ContentLength: body.length,
        });
        const { ETag, ChecksumCRC32 } = await ask((client, options) => client.send(command, options), either);
        done.push({ PartNumber, ETag, ...(ChecksumCRC32 && { ChecksumCRC32 }) });
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    });
    if (signal?.aborted) throw abortedBy(signal);
    done.sort((a, b) => a.PartNumber - b.PartNumber);
    await complete(connection, upload, done, bytes, signal);
    return bytes;
  } catch (error) {
    await abortUpload(connection, upload);
    throw error;
  }
}

/**
 * A request whose answer was lost may have begun an upload all the same, and the next try begins another: whatever
 * else is under way for the key is then taken back. Only one attempt of a job writes an output.
 */
async function createUpload(connection: Connection, target: Target, signal?: AbortSignal): Promise<UnderWay> {
  const { ask, sdk } = connection;
  const { Bucket, Key } = target;
  if (signal?.aborted) throw abortedBy(signal);
  let upload: UnderWay;
  try {
    // Not ended by the signal: an upload that was begun must be known, to be taken back.
    const created = await ask((client) => client.send(new sdk.CreateMultipartUploadCommand(target)));
    upload = { Bucket, Key, UploadId: created.UploadId as string };
    if ((created.$metadata.attempts ?? 1) > 1) await abortOthers(connection, upload);
  } catch (error) {
    if (!signal?.aborted) await abortOthers(connection, { Bucket, Key, UploadId: '' });
    throw error;
  }
  if (!signal?.aborted) return upload;
  await abortUpload(connection, upload);
  throw abortedBy(signal);
}

/** As far as the server lists uploads; what stays all the same is swept later. */
async function abortOthers(connection: Connection, { Bucket, Key, UploadId: own }: UnderWay): Promise<void> {
  const { ask, sdk } = connection;
  const command = new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: Key });
  const page = await ask((client, options) => client.send(command, options)).catch(() => null);
  for (const { Key: key, UploadId } of page?.Uploads ?? []) {
    if (key === Key && UploadId && UploadId !== own) await abortUpload(connection, { Bucket, Key, UploadId });
  }
}

export interface UnderWay {
  Bucket: string;
  Key: string;
  UploadId: string;
}

export async function complete(
  connection: Connection,
  upload: UnderWay,
  parts: { PartNumber: number; ETag: string | undefined }[],
  bytes: number,
  signal?: AbortSignal,
): Promise<void> {
  const { ask, sdk } = connection;
  const command = new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } });
  try {
    await ask((client, options) => client.send(command, options), signal);
  } catch (error) {
    // An answer that was lost on its way: the retry finds the upload gone because it is complete.
    if (!isNamed(error, 'NoSuchUpload')) throw error;
    const stored = await headObject(connection, upload.Key, signal);
    if (stored?.size_bytes !== bytes) {
      throw new MillError('storage_unavailable', 'An upload vanished before it was complete.', {
        cause: error,
      });
    }
  }
}

/**
 * Tries for a while even when the storage is in trouble; what stays all the same is swept later. A part that was
 * still on its way may arrive behind the abort and bring the upload back: it is gone when it is no longer known.
 */
export async function abortUpload({ ask, sdk }: Connection, upload: UnderWay): Promise<void> {
  for (let round = 0; round < ABORT_TRIES; round++) {
    try {
      await ask((client, options) => client.send(new sdk.AbortMultipartUploadCommand(upload), options));
      await pause(SETTLE_MS);
      await ask((client, options) => client.send(new sdk.ListPartsCommand(upload), options));
    } catch (error) {
      if (isNamed(error, 'NoSuchUpload', 'NoSuchBucket', 'AccessDenied')) return;
    }
    await pause(ABORT_WAIT_MS * 2 ** round);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Buffers of exactly `size` bytes; the last one is shorter. None of an empty stream. */
export async function* cut(content: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer, undefined> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const chunk of content) {
    held.push(chunk);
    length += chunk.length;
    while (length >= size) {
      const whole = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held);
      yield whole.subarray(0, size);
      held = [whole.subarray(size)];
      length -= size;
    }
  }
  if (length > 0) yield Buffer.concat(held);
}

async function* chain(first: Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* first;
  yield* rest;
}

async function* numbered(parts: AsyncIterable<Buffer>): AsyncGenerator<{ PartNumber: number; body: Buffer }> {
  let PartNumber = 0;
  for await (const body of parts) yield { PartNumber: ++PartNumber, body };
}

/** For other readers of the bucket; this program goes by the name. */
function mediaTypeOf(key: string): string {
  return lookup(key) || 'application/octet-stream';
}
