/** The S3 driver against a real server that checks signatures: Ceph's gateway. */
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DirectAccess } from '../../src/storage/port.ts';
import { connect } from '../../src/storage/s3/connection.ts';
import { sweepBucket } from '../../src/storage/s3/sweep.ts';
import { storageContract } from '../contracts/storage.ts';
import { brokenS3 } from './broken-s3.ts';
import { makeBucket, type TestBucket } from './bucket.ts';
import { type CephRgw, hasCeph, startCephRgw } from './ceph-rgw.ts';

const START_MS = 180_000;

describe.skipIf(!hasCeph())("Ceph's gateway", () => {
  let server: CephRgw;
  beforeAll(async () => {
    server = await startCephRgw();
  }, START_MS);
  afterAll(() => server?.[Symbol.asyncDispose]());

  storageContract('S3, Ceph', async () => {
    const bucket = await makeBucket(server);
    return { storage: bucket.storage, close: async () => bucket[Symbol.asyncDispose]() };
  });

  brokenS3(() => server, { signatures: true, uploadListing: true });

  describe('links', () => {
    let bucket: TestBucket;
    let direct: DirectAccess;
    beforeAll(async () => {
      bucket = await makeBucket(server);
      direct = bucket.storage.direct as DirectAccess;
    });
    afterAll(() => bucket?.[Symbol.asyncDispose]());
    const put = (url: string, body: Buffer) => fetch(url, { method: 'PUT', body: new Uint8Array(body) });

    test.each([
      ['a small file in one piece', 1000],
      ['a large file in parts', 70 * 1024 ** 2],
    ])('%s goes past this program', async (_, size) => {
      const content = randomBytes(size);
      const upload = await direct.beginUpload(size);
      for (const { number, url } of upload.parts) {
        const at = (number - 1) * upload.part_bytes;
        expect((await put(url, content.subarray(at, at + upload.part_bytes))).status).toBe(200);
      }
      expect(upload.parts.length > 1).toBe(size > 64 * 1024 ** 2);
      const stored = await direct.registerUpload(upload, { sizeBytes: size, maxBytes: 1e9 });
      const back = await buffer(await bucket.storage.read(stored.path));
      expect(back.equals(content)).toBe(true);
      const link = await direct.downloadLink(stored.path, {
        disposition: 'attachment',
        mediaType: 'text/plain',
      });
      const answer = await fetch(link, { headers: { range: 'bytes=10-19' } });
      expect(answer.status).toBe(206);
      expect(answer.headers.get('content-disposition')).toBe('attachment');
      expect(Buffer.from(await answer.arrayBuffer()).equals(content.subarray(10, 20))).toBe(true);
      expect(await bucket.openUploads()).toEqual([]);
      expect((await bucket.keys()).filter((key) => key.includes('.incoming'))).toEqual([]);
    });

    test('open no other door than their own', async () => {
      const { parts } = await direct.beginUpload(10);
      const elsewhere = (parts[0]?.url ?? '').replace(/\.incoming\/[^?]+/, 'input/other.mp4');
      expect(elsewhere).not.toBe(parts[0]?.url);
      expect((await put(elsewhere, Buffer.alloc(10))).status).toBe(403);
    });

    test('that were given up leave nothing', async () => {
      const upload = await direct.beginUpload(70 * 1024 ** 2);
      await put(upload.parts[0]?.url ?? '', randomBytes(upload.part_bytes));
      await direct.cancelUpload(upload);
      expect(await bucket.openUploads()).toEqual([]);
    });
  });

  test('what killed processes left is swept after a day', async () => {
    await using bucket = await makeBucket(server);
    const connection = await connect(bucket.options);
    const direct = bucket.storage.direct as DirectAccess;
    await direct.beginUpload(70 * 1024 ** 2);
    const { parts } = await direct.beginUpload(4);
    await fetch(parts[0]?.url ?? '', { method: 'PUT', body: 'left' });
    const incoming = `${bucket.options.prefix}.incoming/`;
    await sweepBucket(connection, [incoming], incoming);
    expect([(await bucket.openUploads()).length, (await bucket.keys()).length]).toEqual([1, 1]);
    await sweepBucket(connection, [incoming], incoming, Date.now() + 25 * 3600 * 1000);
    expect([(await bucket.openUploads()).length, (await bucket.keys()).length]).toEqual([0, 0]);
  });
});
