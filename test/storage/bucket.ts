/** A bucket of its own on a test server, the driver on it, and a plain client to look behind it. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import openS3Storage, { type S3StorageOptions } from '../../src/storage/drivers/s3.ts';
import type { Storage } from '../../src/storage/port.ts';

export interface S3Server {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export interface TestBucket extends AsyncDisposable {
  storage: Storage;
  /** Talks to the server directly. */
  client: S3Client;
  bucket: string;
  options: S3StorageOptions;
  /** Another driver on the same bucket. */
  open(changes: Partial<S3StorageOptions>): Promise<Storage>;
  keys(): Promise<string[]>;
  /** Multipart uploads that were neither completed nor aborted. */
  openUploads(): Promise<string[]>;
}

/** The SDK's chain reads them from the environment, as it does for users. */
export function setCredentials({ accessKeyId, secretAccessKey }: S3Server): void {
  process.env.AWS_ACCESS_KEY_ID = accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = secretAccessKey;
}

export async function makeBucket(
  server: S3Server,
  changes: Partial<S3StorageOptions> = {},
): Promise<TestBucket> {
  setCredentials(server);
  const bucket = `mill-${randomUUID()}`;
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: server.endpoint,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    credentials: { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const workRoot = await mkdtemp(join(tmpdir(), 'mill-s3-'));
  const options: S3StorageOptions = {
    bucket,
    region: 'us-east-1',
    endpoint: server.endpoint,
    pathStyle: true,
    checksums: 'WHEN_REQUIRED',
    prefix: 'pre fix/',
    workRoot,
    ...changes,
  };
  return {
    storage: await openS3Storage(options),
    client,
    bucket,
    options,
    open: (other) => openS3Storage({ ...options, ...other }),
    async keys() {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key = '' }) => Key);
    },
    async openUploads() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return Uploads.map(({ Key = '' }) => Key);
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await rm(workRoot, { recursive: true, force: true });
    },
  };
}
