/** Takes away what processes that were killed left in the bucket: parts of uploads, and uploads nobody registered. */
import { MillError } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import { isNamed } from './faults.ts';
import { deleteObjects, listObjects } from './objects.ts';
import { abortUpload } from './put.ts';

/** Longer than any upload takes; a rule of the bucket's life cycle may be stricter. */
const STALE_MS = 24 * 60 * 60 * 1000;

export async function sweepBucket(
  connection: Connection,
  uploadPrefixes: readonly string[],
  incoming: string,
  now = Date.now(),
): Promise<void> {
  const stale = (at: Date | undefined) => at !== undefined && at.getTime() < now - STALE_MS;
  for (const prefix of uploadPrefixes) await abortStale(connection, prefix, stale);
  const left = async function* () {
    for await (const { Key, LastModified } of listObjects(connection, incoming))
      if (stale(LastModified)) yield Key;
  };
  await deleteObjects(connection, left());
}

async function abortStale(
  connection: Connection,
  prefix: string,
  stale: (at: Date | undefined) => boolean,
): Promise<void> {
  const { ask, sdk, bucket } = connection;
  let marker: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const command = new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...marker });
    const page = await ask((client, options) => client.send(command, options)).catch(unlistable);
    for (const { Key, UploadId, Initiated } of page?.Uploads ?? []) {
      if (Key && UploadId && stale(Initiated))
        await abortUpload(connection, { Bucket: bucket, Key, UploadId });
    }
    if (!page?.IsTruncated) return;
    marker = {
      ...(page.NextKeyMarker && { KeyMarker: page.NextKeyMarker }),
      ...(page.NextUploadIdMarker && { UploadIdMarker: page.NextUploadIdMarker }),
    };
  }
}

/** Small servers do not list uploads, and credentials may be forbidden to: then nothing is swept. */
function unlistable(error: unknown): null {
  const known = isNamed(error, 'NotImplemented', 'AccessDenied', 'UnsupportedOperation', 'MethodNotAllowed');
  if (known || (error instanceof MillError && /answered (400|404|405|501)/.test(error.message))) return null;
  throw error;
}
