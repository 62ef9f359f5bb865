/**
 * Links for browsers: the bytes go between the client and the bucket. What is sent lies hidden under its file_id
 * until it is registered; then it gets a name by its content and moves to the inputs, inside the bucket.
 */
import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { GetObjectCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { lookup } from 'mime-types';
import { MillError } from '../../core/errors.ts';
import { tooLarge } from '../meter.ts';
import type { DirectAccess, DirectUpload, Upload, UploadOptions } from '../port.ts';
import { outside, parseReference, pathOf } from '../reference.ts';
import { HEAD_BYTES, sniffHead } from '../sniff.ts';
import type { BucketOptions, Connection } from './connection.ts';
import { copyObject } from './copy.ts';
import { isNamed } from './faults.ts';
import { streamObject } from './get.ts';
import { INCOMING, type Keys } from './keys.ts';
import { deleteObject, headObject, listObjects, type ObjectHead } from './objects.ts';
import { nameMetadata } from './original-name.ts';
import { abortUpload, complete, type UnderWay } from './put.ts';

const MiB = 1024 ** 2;
/** Up to here one request does; above, a part that breaks off is sent again alone. */
const SINGLE_BYTES = 64 * MiB;
const PART_BYTES = 16 * MiB;
/** Links in one answer; S3 itself would take 10,000 parts. */
const MOST_PARTS = 1000;
const UPLOAD_SECONDS = 12 * 3600;
/** A player that is left open asks for more of the file through this program, and gets a new link. */
const DOWNLOAD_SECONDS = 3600;

type Signable = GetObjectCommand | PutObjectCommand | UploadPartCommand;

export async function directAccess(
  connection: Connection,
  keys: Keys,
  address: Pick<BucketOptions, 'region' | 'endpoint' | 'pathStyle'>,
): Promise<DirectAccess> {
  const { sdk, bucket } = connection;
  const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
  const { endpoint, forcePathStyle, credentials } = connection.client.config;
  // A link is signed before its body is known: the checksum of an empty one must not become a part of it.
  const signer = new sdk.S3Client({
    region: address.region,
    ...(endpoint && { endpoint }),
    forcePathStyle,
    credentials,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const sign = (command: Signable, expiresIn: number) =>
    // The presigner's type wants one command; it takes any.
    connection.ask(() => getSignedUrl(signer, command as GetObjectCommand, { expiresIn }));
  const incoming = (id: string) => ({ Bucket: bucket, Key: `${keys.prefix}${INCOMING}${id}` });
  const underWay = (id: string, UploadId: string): UnderWay => ({ ...incoming(id), UploadId });

  async function beginUpload(sizeBytes: number): Promise<DirectUpload> {
    const id = randomUUID();
    const common = { file_id: id, method: 'PUT' as const };
    const expires_at = new Date(Date.now() + UPLOAD_SECONDS * 1000).toISOString();
    if (sizeBytes <= SINGLE_BYTES) {
      const url = await sign(new sdk.PutObjectCommand(incoming(id)), UPLOAD_SECONDS);
      return {
        ...common,
        upload_id: null,
        part_bytes: SINGLE_BYTES,
        parts: [{ number: 1, url }],
        expires_at,
      };
    }
    const part_bytes = Math.max(PART_BYTES, Math.ceil(sizeBytes / MOST_PARTS / MiB) * MiB);
    const { UploadId = '' } = await connection.ask((client, options) =>
      client.send(new sdk.CreateMultipartUploadCommand(incoming(id)), options),
    );
    const numbers = Array.from({ length: Math.ceil(sizeBytes / part_bytes) }, (_, index) => index + 1);
    const parts = await Promise.all(
      numbers.map(async (number) => {
        const command = new sdk.UploadPartCommand({ ...underWay(id, UploadId), PartNumber: number });
        return { number, url: await sign(command, UPLOAD_SECONDS) };
      }),
    );
    return { ...common, upload_id: UploadId, part_bytes, parts, expires_at };
  }

  async function registerUpload(
    { file_id, upload_id }: Pick<DirectUpload, 'file_id' | 'upload_id'>,
    { sizeBytes, maxBytes, originalName }: UploadOptions & { sizeBytes: number },
  ): Promise<Omit<Upload, 'sha256'>> {
    const id = idOf(file_id);
    const { Key } = incoming(id);
    // The answer to an earlier registration may have been lost.
    const earlier = await registered(id);
    if (earlier) return earlier;
    if (upload_id !== null) await joinParts(underWay(id, upload_id), sizeBytes);
    const head = await headObject(connection, Key);
    if (!head) throw new MillError('upload_incomplete', 'Nothing has been sent to the link yet.');
    if (head.size_bytes > maxBytes) {
      await deleteObject(connection, Key);
      throw tooLarge(maxBytes);
    }
    if (head.size_bytes !== sizeBytes) throw incomplete(head.size_bytes, sizeBytes);
    const filename = id + (await sniffHead(await beginningOf(Key, head)));
    const target = keys.of({ area: 'input', segments: [filename] });
    const { original_name, metadata } = nameMetadata(originalName);
    await copyObject(
      connection,
      { key: Key, ...head },
      {
        Bucket: bucket,
        Key: target,
        ContentType: lookup(filename) || 'application/octet-stream',
        ...(metadata && { Metadata: metadata }),
      },
    );
    await deleteObject(connection, Key);
    return { ...described(id, filename), size_bytes: head.size_bytes, original_name };
  }

  async function beginningOf(key: string, { size_bytes }: ObjectHead): Promise<Buffer> {
    if (size_bytes === 0) return Buffer.alloc(0);
    return buffer(
      await streamObject(connection, key, { start: 0, end: Math.min(size_bytes, HEAD_BYTES) - 1 }),
    );
  }

  async function registered(id: string): Promise<Omit<Upload, 'sha256'> | null> {
    const area = keys.area('input');
    for await (const { Key, Size = 0 } of listObjects(connection, `${area}${id}.`, { most: 1 })) {
      return { ...described(id, Key.slice(area.length)), size_bytes: Size };
    }
    return null;
  }

  async function joinParts(upload: UnderWay, sizeBytes: number): Promise<void> {
    const parts: { PartNumber: number; ETag: string | undefined }[] = [];
    let sent = 0;
    let marker: string | undefined;
    do {
      const command = new sdk.ListPartsCommand({ ...upload, ...(marker && { PartNumberMarker: marker }) });
      const page = await connection
        .ask((client, options) => client.send(command, options))
        .catch((error: unknown) => {
          if (isNamed(error, 'NoSuchUpload')) return null; // Joined before, or never begun: the object tells.
          throw error;
        });
      if (!page) return;
      for (const { PartNumber = 0, ETag, Size = 0 } of page.Parts ?? []) {
        parts.push({ PartNumber, ETag });
        sent += Size;
      }
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
    if (sent !== sizeBytes) throw incomplete(sent, sizeBytes);
    await complete(connection, upload, parts, sent);
  }

  return {
    origin: originOf(bucket, address),
    async downloadLink(path, { disposition, mediaType }) {
      const parsed = keys.parse(path);
      if (parsed.kind !== 'location') throw outside(path);
      const command = new sdk.GetObjectCommand({
        Bucket: bucket,
        Key: keys.of(parsed.location),
        ResponseContentDisposition: disposition,
        ResponseContentType: mediaType,
      });
      return sign(command, DOWNLOAD_SECONDS);
    },
    beginUpload,
    registerUpload,
    async cancelUpload({ file_id, upload_id }) {
      const id = idOf(file_id);
      if (upload_id !== null) await abortUpload(connection, underWay(id, upload_id));
      await deleteObject(connection, incoming(id).Key);
    },
  };
}

/** Where links of this bucket lead to. */
function originOf(
  bucket: string,
  { region, endpoint, pathStyle }: Pick<BucketOptions, 'region' | 'endpoint' | 'pathStyle'>,
): string {
  const url = new URL(endpoint || `https://s3.${region}.amazonaws.com`);
  if (!pathStyle) url.hostname = `${bucket}.${url.hostname}`;
  return url.origin;
}

function idOf(file_id: string): string {
  const parsed = parseReference(file_id);
  if (parsed.kind !== 'file_id') throw outside(file_id, 'It is no file_id.');
  return parsed.id;
}

function described(id: string, filename: string) {
  return { file_id: id, filename, path: pathOf({ area: 'input', segments: [filename] }) };
}

function incomplete(sent: number, expected: number): MillError {
  return new MillError('upload_incomplete', `${sent} of ${expected} bytes have arrived.`, {
    facts: { received_bytes: sent, expected_bytes: expected },
  });
}
