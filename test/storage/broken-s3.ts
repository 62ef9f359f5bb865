/** Case 19, a bucket in trouble: 500s, timeouts, cut connections, wrong keys, no bucket, a full disk of the worker. */
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRegistry } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import openSqliteQueue from '../../src/queue/drivers/sqlite.ts';
import { FINAL_STATUSES, type JobRecord } from '../../src/queue/port.ts';
import { startWorker } from '../../src/runner/worker.ts';
import type { Storage } from '../../src/storage/port.ts';
import { refused } from '../contracts/storage.ts';
import { makeBucket, type S3Server, type TestBucket } from './bucket.ts';
import { type FaultyProxy, type PassedRequest, startFaultyProxy } from './faulty-proxy.ts';

const MiB = 1024 ** 2;
const ATTEMPTS = 3;
const IDLE_MS = 1200;
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
/** The driver sends parts of 8 MiB. */
const TWO_PARTS = 12 * MiB;
const error500 = { kind: 'status', status: 500, code: 'InternalError' } as const;

const isPart = ({ method, url }: PassedRequest) => method === 'PUT' && /partNumber=/i.test(url);
const isPut = ({ method }: PassedRequest) => method === 'PUT';
const isGet = ({ method, url }: PassedRequest) => method === 'GET' && !url.includes('list-type');

/** Megabytes, compared without making text of them. */
function expectSame(real: Buffer, expected: Buffer): void {
  expect(real.length).toBe(expected.length);
  expect(real.equals(expected)).toBe(true);
}

/** `knows`: what this server does that others do not. */
export function brokenS3(
  server: () => S3Server,
  knows: { signatures: boolean; uploadListing: boolean },
): void {
  describe('19 a bucket in trouble', () => {
    let proxy: FaultyProxy;
    let bucket: TestBucket;
    let storage: Storage;
    let works = 0;

    beforeAll(async () => {
      proxy = await startFaultyProxy(server().endpoint);
      bucket = await makeBucket(server());
      storage = await bucket.open({ endpoint: proxy.endpoint, attempts: ATTEMPTS, idleMs: IDLE_MS });
    });
    afterAll(async () => {
      await proxy?.[Symbol.asyncDispose]();
      await bucket?.[Symbol.asyncDispose]();
    });
    beforeEach(() => proxy.reset());

    async function local(content: Buffer | Record<string, Buffer>): Promise<string> {
      const work = await storage.createWork(`broken-${++works}`);
      const path = join(work, 'result');
      if (Buffer.isBuffer(content)) await writeFile(path, content);
      else {
        await mkdir(path);
        for (const [name, body] of Object.entries(content)) await writeFile(join(path, name), body);
      }
      return path;
    }
    async function nothingOpen(): Promise<void> {
      if (knows.uploadListing) expect(await bucket.openUploads()).toEqual([]);
    }

    test('single 500s are outlived', async () => {
      proxy.breaks(({ number }) => (number % ATTEMPTS === 0 ? null : error500));
      await storage.publish(await local(Buffer.from('one')), '/data/output/outlived.txt');
      expect((await buffer(await storage.read('/data/output/outlived.txt'))).toString()).toBe('one');
    });

    test('500s without end: a bounded number of requests, then storage_unavailable', async () => {
      proxy.breaks(() => error500);
      await refused(storage.stat('/data/output/a.txt'), 'storage_unavailable');
      expect(proxy.requests).toHaveLength(ATTEMPTS);
      await refused(storage.check(), 'storage_unavailable');
    });

    test('a part that never arrives: the upload is taken back, nothing is visible', async () => {
      const path = await local(randomBytes(TWO_PARTS));
      proxy.breaks((request) => (isPart(request) && /partNumber=2/.test(request.url) ? error500 : null));
      await refused(storage.publish(path, '/data/output/parts.bin'), 'storage_unavailable');
      expect(proxy.requests.some(({ method }) => method === 'DELETE')).toBe(true);
      await nothingOpen();
      expect(await storage.stat('/data/output/parts.bin')).toBeNull();
      proxy.reset();
      await storage.publish(path, '/data/output/parts.bin');
      expectSame(await buffer(await storage.read('/data/output/parts.bin')), await readFile(path));
    });

    test('an upload whose sender or bucket breaks off leaves nothing', async () => {
      const pieces = function* (broken: boolean) {
        for (let sent = 0; sent < TWO_PARTS; sent += MiB) yield Buffer.alloc(MiB, sent / MiB);
        if (broken) throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
      };
      await refused(storage.upload(Readable.from(pieces(true)), { maxBytes: 1e9 }), 'invalid_request');
      await refused(storage.upload(Readable.from(pieces(false)), { maxBytes: 10e6 }), 'payload_too_large');
      proxy.breaks((request) => (isPart(request) ? { kind: 'cut' } : null));
      await refused(storage.upload(Readable.from(pieces(false)), { maxBytes: 1e9 }), 'storage_unavailable');
      await nothingOpen();
      expect((await bucket.keys()).filter((key) => key.includes('/input/'))).toEqual([]);
    });

    test('a canceled publication is taken back at once', async () => {
      const path = await local(randomBytes(TWO_PARTS));
      const stop = new AbortController();
      proxy.breaks((request) => {
        if (!isPart(request)) return null;
        setTimeout(() => stop.abort('canceled'), 50);
        return { kind: 'hang' };
      });
      const began = performance.now();
      await refused(storage.publish(path, '/data/output/canceled.bin', stop.signal), 'canceled');
      expect(performance.now() - began).toBeLessThan(10_000);
      await nothingOpen();
      expect(await storage.stat('/data/output/canceled.bin')).toBeNull();
    });

    test('a folder that comes half-way is not there; the next try makes it whole', async () => {
      const path = await local({
        'a.txt': Buffer.from('a'),
        'b.txt': Buffer.from('b'),
        'c.txt': Buffer.from('c'),
      });
      await storage.publish(await local({ 'old.txt': Buffer.from('old') }), '/data/output/set');
      proxy.breaks((request) => (isPut(request) && request.url.includes('/b.txt') ? error500 : null));
      await refused(storage.publish(path, '/data/output/set'), 'storage_unavailable');
      proxy.reset();
      expect(await storage.stat('/data/output/set')).toBeNull();
      await refused(storage.list('/data/output/set'), 'output_not_found');
      await refused(storage.resolve('/data/output/set/a.txt', 'read'), 'input_not_found');
      await refused(storage.read('/data/output/set/a.txt'), 'output_not_found');
      await storage.publish(path, '/data/output/set');
      expect((await storage.list('/data/output/set')).map(({ name }) => name)).toEqual([
        'a.txt',
        'b.txt',
        'c.txt',
      ]);
    });

    describe('reading', () => {
      const content = randomBytes(3 * MiB);
      beforeAll(() => local(content).then((path) => storage.publish(path, '/data/output/read.bin')));

      const broken = [
        ['cut', { kind: 'cut', after: MiB + 17 }],
        ['stalled', { kind: 'stall', after: 2 * MiB + 5 }],
      ] as const;
      test.each(broken)('goes on where a connection was %s', async (_, fault) => {
        let faults = 0;
        proxy.breaks((request) => (isGet(request) && faults++ === 0 ? fault : null));
        expectSame(await buffer(await storage.read('/data/output/read.bin')), content);
        faults = 0;
        const part = await buffer(
          await storage.read('/data/output/read.bin', { start: 100, end: content.length - 7 }),
        );
        expectSame(part, content.subarray(100, -6));
        faults = 0;
        const work = await storage.createWork('read');
        expectSame(await readFile(await storage.fetch('/data/output/read.bin', work)), content);
      });

      test('gives up when nothing comes any more', async () => {
        proxy.breaks((request) => (isGet(request) ? { kind: 'stall', after: 0 } : null));
        const work = await storage.createWork('gives-up');
        await refused(storage.fetch('/data/output/read.bin', work), 'storage_unavailable');
        expect(proxy.requests.filter(isGet).length).toBeLessThanOrEqual(ATTEMPTS * ATTEMPTS);
      });

      test('never glues two contents together', async () => {
        let faults = 0;
        proxy.breaks((request) => (isGet(request) && faults++ === 0 ? { kind: 'cut', after: MiB } : null));
        const reading = await storage.read('/data/output/read.bin');
        reading.pause();
        await storage.publish(await local(randomBytes(3 * MiB)), '/data/output/read.bin');
        await expect(buffer(reading)).rejects.toMatchObject({ code: 'storage_unavailable' });
        await storage.publish(await local(content), '/data/output/read.bin');
      });

      test('a slow bucket is waited for', async () => {
        proxy.breaks(() => ({ kind: 'slow', pauseMs: 5 }));
        expectSame(await buffer(await storage.read('/data/output/read.bin')), content);
      });

      test('a reader that goes ends the request', async () => {
        proxy.breaks(() => ({ kind: 'slow', pauseMs: 20 }));
        (await storage.read('/data/output/read.bin')).destroy();
        await new Promise((resolve) => setTimeout(resolve, 200));
        expect(proxy.bytesDown).toBeLessThan(content.length);
      });
    });

    test('a server that hangs or is not there', async () => {
      proxy.breaks(() => ({ kind: 'hang' }));
      await refused(storage.stat('/data/output/a.txt'), 'storage_unavailable');
      const nobody = await bucket.open({ endpoint: 'http://127.0.0.1:9', attempts: 2 });
      await refused(nobody.check(), 'storage_unavailable');
    });

    test('a bucket that is not there, or no longer', async () => {
      await using gone = await makeBucket(server());
      await gone.storage.check('thorough');
      await gone.client.send(new DeleteBucketCommand({ Bucket: gone.bucket }));
      await refused(gone.storage.check(), 'bucket_not_found');
      await refused(gone.storage.read('/data/output/a.txt'), 'bucket_not_found');
      const path = join(gone.options.workRoot, 'a');
      await writeFile(path, 'a');
      await refused(gone.storage.publish(path, '/data/output/a.txt'), 'bucket_not_found');
    });

    // Not as a test that is left out: a server that checks no signatures has nothing to be tried.
    if (knows.signatures)
      test('a wrong secret, and a key nobody knows', async () => {
        const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
        try {
          process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
          await refused((await bucket.open({})).check(), 'storage_denied');
          process.env.AWS_ACCESS_KEY_ID = 'NOBODY';
          await refused((await bucket.open({})).check('thorough'), 'storage_denied');
        } finally {
          Object.assign(process.env, { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY });
        }
      });

    test("a disk of the worker's that is full", async (context) => {
      const small = join(tmpdir(), `mill-mount-${randomUUID()}`);
      await mkdir(small);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small], { stdio: 'ignore' });
      } catch {
        await rm(small, { recursive: true });
        return context.skip('this user may not mount a small file system');
      }
      try {
        const narrow = await bucket.open({ workRoot: join(small, 'work') });
        await storage.publish(await local(randomBytes(3 * MiB)), '/data/output/large.bin');
        const work = await narrow.createWork('full');
        await refused(narrow.fetch('/data/output/large.bin', work), 'disk_full');
        await narrow.removeWork(work);
      } finally {
        execFileSync('umount', [small]);
        await rm(small, { recursive: true });
      }
    });

    test('a job is tried again, then fails; the next one runs', async () => {
      const queue = await openSqliteQueue({
        database: join(bucket.options.workRoot, 'queue.db'),
        backoff: { base_ms: 10, max_ms: 20 },
      });
      const worker = startWorker({
        queue,
        storage,
        registry: createRegistry(jobs),
        logger: SILENT,
        leaseMs: 30_000,
        timeoutMs: 60_000,
        memoryLimitBytes: 2 * 1024 ** 3,
        concurrency: 1,
        jobsPerChild: 100,
        drainMs: 10_000,
        network: { allow: [] },
        submit: async (next) => (await queue.enqueue([next]))[0] as JobRecord,
      });
      const run = async (output_path: string) => {
        const job = {
          task: 'calculate_sha256',
          input_path: '/data/output/job.bin',
          output_path,
          params: {},
          attempts: 2,
        };
        const [{ id }] = (await queue.enqueue([job])) as [JobRecord];
        await expect
          .poll(async () => FINAL_STATUSES.includes((await queue.get(id))?.status ?? 'queued'), {
            timeout: 60_000,
          })
          .toBe(true);
        return (await queue.get(id)) as JobRecord;
      };
      try {
        await storage.publish(await local(Buffer.from('job')), '/data/output/job.bin');
        proxy.breaks((request) => (isGet(request) ? error500 : null));
        expect(await run('/data/output/hash-a.sha256')).toMatchObject({
          status: 'failed',
          attempts: 2,
          error: { code: 'storage_unavailable' },
        });
        proxy.breaks((request) => (isPut(request) ? error500 : null));
        expect(await run('/data/output/hash-b.sha256')).toMatchObject({
          status: 'failed',
          attempts: 2,
          error: { code: 'storage_unavailable' },
        });
        proxy.reset();
        expect(await storage.stat('/data/output/hash-b.sha256')).toBeNull();
        expect(await run('/data/output/hash-c.sha256')).toMatchObject({ status: 'finished' });
        expect(await storage.stat('/data/output/hash-c.sha256')).not.toBeNull();
        await nothingOpen();
      } finally {
        await worker.stop(0);
        await queue.close();
      }
    });
  });
}
