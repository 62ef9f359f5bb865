/** The S3 driver against a server in memory that starts at once. It checks no signatures; Ceph's gateway does. */
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll } from 'vitest';
import { storageContract } from '../contracts/storage.ts';
import { storageJobsContract } from '../contracts/storage-jobs.ts';
import { brokenS3 } from './broken-s3.ts';
import { makeBucket, type S3Server, type TestBucket } from './bucket.ts';

let server: FauxqsServer;
beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false });
});
afterAll(() => server.stop());

const quick = (): S3Server => ({
  endpoint: `http://127.0.0.1:${server.port}`,
  accessKeyId: 'test',
  secretAccessKey: 'test',
});

storageContract('S3, in memory', async () => {
  const bucket = await makeBucket(quick());
  return { storage: bucket.storage, close: async () => bucket[Symbol.asyncDispose]() };
});

let working: TestBucket;
afterAll(() => working?.[Symbol.asyncDispose]());
storageJobsContract('S3, in memory', async () => {
  working = await makeBucket(quick());
  return working.storage;
});

brokenS3(quick, { signatures: false, uploadListing: false });
