/** Bytes between a client and a bucket, past the server: links up, links down. Parts and signatures: test/storage/s3-ceph.s3.test.ts. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configSchema } from '../../src/core/config.ts';
import openSqliteLedger from '../../src/ledger/drivers/sqlite.ts';
import openSqliteQueue from '../../src/queue/drivers/sqlite.ts';
import { createApp } from '../../src/server/app.ts';
import { makeBucket, type TestBucket } from '../storage/bucket.ts';
import { registry } from './fixtures/jobs.ts';
import { startServer } from './fixtures/server.ts';

const MiB = 1024 ** 2;

let server: FauxqsServer;
let bucket: TestBucket;
let app: FastifyInstance;
let close: () => Promise<void>;

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false });
  bucket = await makeBucket({
    endpoint: `http://127.0.0.1:${server.port}`,
    accessKeyId: 'test',
    secretAccessKey: 'test',
  });
  const root = await mkdtemp(join(tmpdir(), 'mill-direct-'));
  const queue = await openSqliteQueue({ database: join(root, 'queue.db') });
  const ledger = await openSqliteLedger({ database: join(root, 'keys.db') });
  app = createApp({
    queue,
    ledger,
    storage: bucket.storage,
    registry,
    config: configSchema.parse({ server: { max_upload_bytes: 200 * MiB } }),
    version: '0.0.0',
    partsFolder: join(root, 'parts'),
    bucketOrigin: bucket.storage.direct?.origin ?? '',
  });
  await app.ready();
  close = async () => {
    await app.close();
    await queue.close();
    await ledger.close();
    await rm(root, { recursive: true, force: true });
  };
});
afterAll(async () => {
  await close?.();
  await bucket?.[Symbol.asyncDispose]();
  await server?.stop();
});

const post = async (url: string, payload: object) => {
  const response = await app.inject({ method: 'POST', url, payload });
  return { status: response.statusCode, body: response.json() };
};

async function send(content: Buffer, size = content.length) {
  const { status, body } = await post('/api/uploads/presign', { size_bytes: size });
  expect(status).toBe(200);
  for (const { number, url } of body.parts) {
    const at = (number - 1) * body.part_bytes;
    const part = new Uint8Array(content.subarray(at, at + body.part_bytes));
    expect((await fetch(url, { method: 'PUT', body: part })).status).toBe(200);
  }
  return body;
}

describe('links to upload', () => {
  test('a small file goes to one link and is known by its content', async () => {
    const content = Buffer.from('{"some": "text"}\n');
    const { file_id, upload_id, parts } = await send(content);
    expect(parts).toHaveLength(1);
    expect(await bucket.storage.stat(`/data/input/${file_id}.txt`)).toBeNull();
    const registration = { size_bytes: content.length, upload_id, filename: 'Ünï.json' };
    const first = await post(`/api/uploads/presign/${file_id}/complete`, registration);
    expect(first).toMatchObject({
      status: 200,
      body: { file_id, filename: `${file_id}.txt`, size_bytes: content.length, original_name: 'Ünï.json' },
    });
    expect(await bucket.storage.resolve(file_id, 'read')).toBe(`/data/input/${file_id}.txt`);
    expect(await bucket.storage.originalName?.(first.body.path)).toBe('Ünï.json');
    expect((await bucket.keys()).filter((key) => key.includes('.incoming'))).toEqual([]);
    expect((await post(`/api/uploads/presign/${file_id}/complete`, registration)).status).toBe(200);
  });

  test('what has not arrived cannot be registered', async () => {
    const { body } = await post('/api/uploads/presign', { size_bytes: 10 });
    const url = `/api/uploads/presign/${body.file_id}/complete`;
    expect(await post(url, { size_bytes: 10 })).toMatchObject({
      status: 409,
      body: { code: 'upload_incomplete' },
    });
    const sent = await send(Buffer.from('short'), 10);
    const half = await post(`/api/uploads/presign/${sent.file_id}/complete`, { size_bytes: 10 });
    expect(half).toMatchObject({ status: 409, body: { code: 'upload_incomplete' } });
    expect(
      (await app.inject({ method: 'DELETE', url: `/api/uploads/presign/${sent.file_id}` })).statusCode,
    ).toBe(200);
    expect((await bucket.keys()).filter((key) => key.includes(sent.file_id))).toEqual([]);
  });

  test('the limit of the server holds', async () => {
    const answer = await post('/api/uploads/presign', { size_bytes: 201 * MiB });
    expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
  });

  test('the page may connect to the bucket, and to nothing else', async () => {
    const policy = (await app.inject('/healthz')).headers['content-security-policy'];
    expect(policy).toContain(`connect-src 'self' ${bucket.storage.direct?.origin};`);
  });

  test('a storage of folders gives no links', async () => {
    const local = await startServer();
    try {
      const response = await local.app.inject({
        method: 'POST',
        url: '/api/uploads/presign',
        payload: { size_bytes: 1 },
      });
      expect(response.json()).toMatchObject({ status: 409, code: 'no_direct_access' });
    } finally {
      await local.close();
    }
  });
});

test('links to download open as the file would here, and end', async () => {
  const path = join(bucket.options.workRoot, 'out.txt');
  await mkdir(bucket.options.workRoot, { recursive: true });
  await writeFile(path, 'content');
  await bucket.storage.publish(path, '/data/output/out.txt');
  const link = await bucket.storage.direct?.downloadLink('/data/output/out.txt', {
    disposition: 'attachment; filename="out.txt"',
    mediaType: 'text/plain; charset=utf-8',
  });
  const url = new URL(link ?? '');
  expect(url.origin).toBe(bucket.storage.direct?.origin);
  expect(url.searchParams.get('X-Amz-Expires')).toBe('3600');
  expect(url.searchParams.get('response-content-disposition')).toContain('attachment');
  expect(await (await fetch(url)).text()).toBe('content');
});
