/** Copies inside a bucket: no byte of it passes this program. */
import type { Connection } from './connection.ts';
import type { ObjectHead } from './objects.ts';
import { inParallel } from './objects.ts';
import { abortUpload, complete, type Target } from './put.ts';

/** The most one request copies; S3's limit. */
const SINGLE_BYTES = 5 * 1024 ** 3;
const PART_BYTES = 512 * 1024 ** 2;
const PARTS_AT_A_TIME = 4;

export async function copyObject(
  connection: Connection,
  source: ObjectHead & { key: string },
  target: Target,
): Promise<void> {
  const { ask, sdk, bucket } = connection;
  const CopySource = `${bucket}/${source.key.split('/').map(encodeURIComponent).join('/')}`;
  if (source.size_bytes <= SINGLE_BYTES) {
    const command = new sdk.CopyObjectCommand({ ...target, CopySource, MetadataDirective: 'REPLACE' });
    await ask((client, options) => client.send(command, options));
    return;
  }
  const { UploadId = '' } = await ask((client, options) =>
    client.send(new sdk.CreateMultipartUploadCommand(target), options),
  );
  const upload = { Bucket: bucket, Key: target.Key, UploadId };
  const parts: { PartNumber: number; ETag: string | undefined }[] = [];
  try {
    await inParallel(
      rangesOf(source.size_bytes),
      PARTS_AT_A_TIME,
      async ({ PartNumber, CopySourceRange }) => {
        const command = new sdk.UploadPartCopyCommand({ ...upload, CopySource, CopySourceRange, PartNumber });
        const { CopyPartResult } = await ask((client, options) => client.send(command, options));
        parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
      },
    );
    parts.sort((a, b) => a.PartNumber - b.PartNumber);
    await complete(connection, upload, parts, source.size_bytes);
  } catch (error) {
    await abortUpload(connection, upload);
    throw error;
  }
}

function* rangesOf(size: number): Generator<{ PartNumber: number; CopySourceRange: string }> {
  for (let start = 0, number = 1; start < size; start += PART_BYTES, number++) {
    yield {
      PartNumber: number,
      CopySourceRange: `bytes=${start}-${Math.min(start + PART_BYTES, size) - 1}`,
    };
  }
}
