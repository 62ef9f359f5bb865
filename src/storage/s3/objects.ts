/** Single objects and listings of a bucket. */
import type { _Object } from '@aws-sdk/client-s3';
import type { Connection } from './connection.ts';
import { isMissing } from './faults.ts';

/** Deletions and other small requests at a time. */
const AT_A_TIME = 8;

export interface ObjectHead {
  size_bytes: number;
  modified_at: string;
  etag: string;
  /** Empty in listings. */
  metadata: Record<string, string>;
}

/** Null when there is none. */
export async function headObject(
  { ask, sdk, bucket }: Connection,
  key: string,
  signal?: AbortSignal,
): Promise<ObjectHead | null> {
  try {
    const head = await ask(
      (client, options) => client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }), options),
      signal,
    );
    return {
      size_bytes: head.ContentLength ?? 0,
      modified_at: (head.LastModified ?? new Date(0)).toISOString(),
      etag: head.ETag ?? '',
      metadata: head.Metadata ?? {},
    };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Objects whose key begins with `prefix`, in the order of their keys. */
export async function* listObjects(
  { ask, sdk, bucket }: Connection,
  prefix: string,
  { most, signal }: { most?: number; signal?: AbortSignal } = {},
): AsyncGenerator<_Object & { Key: string }> {
  let token: string | undefined;
  do {
    const command = new sdk.ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      ...(most !== undefined && { MaxKeys: most }),
      ...(token !== undefined && { ContinuationToken: token }),
    });
    const page = await ask((client, options) => client.send(command, options), signal);
    for (const object of page.Contents ?? [])
      if (object.Key !== undefined) yield { ...object, Key: object.Key };
    token = page.IsTruncated && most === undefined ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

export async function deleteObject({ ask, sdk, bucket }: Connection, key: string): Promise<void> {
  await ask((client, options) =>
    client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }), options),
  );
}

/** One by one: servers disagree about the checksum that deletions of many must carry. */
export async function deleteObjects(
  connection: Connection,
  keys: AsyncIterable<string> | string[],
): Promise<number> {
  let count = 0;
  await inParallel(keys, AT_A_TIME, async (key) => {
    await deleteObject(connection, key);
    count++;
  });
  return count;
}

/** The first failure stops the rest and is thrown when those under way have ended. */
export async function inParallel<T>(
  items: AsyncIterable<T> | Iterable<T>,
  atATime: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const failures: unknown[] = [];
  // An async generator queues concurrent calls of next() by itself.
  const lane = async () => {
    while (failures.length === 0) {
      try {
        const next = await iterator.next();
        if (next.done) return;
        await work(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, lane));
  if (failures.length === 0) return;
  await iterator.return?.();
  throw failures[0];
}
