/** Files that go from the browser into the bucket, past the server; through it where the bucket cannot be reached. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3';
import type { FastifyInstance } from 'fastify';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configSchema } from '../../src/core/config.ts';
import openSqliteLedger from '../../src/ledger/drivers/sqlite.ts';
import openSqliteQueue from '../../src/queue/drivers/sqlite.ts';
import { createApp } from '../../src/server/app.ts';
import type { DirectAccess, Storage } from '../../src/storage/port.ts';
import { registry } from '../server/fixtures/jobs.ts';
import { makeBucket, type TestBucket } from '../storage/bucket.ts';
import { launch, leftOut, openPage } from './browser.ts';

const MiB = 1024 ** 2;
/** The test server takes no larger ones. */
const PART_BYTES = 6 * MiB;

describe.skipIf(leftOut)('uploads into a bucket', { timeout: 120_000 }, () => {
  let browser: Browser;
  let fauxqs: FauxqsServer;
  let gate: Gate;
  let bucket: TestBucket;
  let app: FastifyInstance;
  let origin: string;
  let root: string;
  let film: string;
  let close: () => Promise<void>;

  beforeAll(async () => {
    [browser, fauxqs] = await Promise.all([launch(), startFauxqs({ port: 0, logger: false })]);
    gate = await openGate(fauxqs.port);
    bucket = await makeBucket({
      endpoint: gate.endpoint,
      accessKeyId: 'test',
      secretAccessKey: 'test',
    });
    root = await mkdtemp(join(tmpdir(), 'mill-direct-page-'));
    film = join(root, 'large.bin');
    await writeFile(film, randomBytes(3 * PART_BYTES));
    const queue = await openSqliteQueue({ database: join(root, 'queue.db') });
    const ledger = await openSqliteLedger({ database: join(root, 'keys.db') });
    app = createApp({
      queue,
      ledger,
      storage: smallParts(bucket, gate),
      registry,
      config: configSchema.parse({ server: { max_upload_bytes: 200 * MiB } }),
      version: '0.0.0',
      partsFolder: join(root, 'parts'),
      bucketOrigin: bucket.storage.direct?.origin ?? '',
    });
    origin = await app.listen({ host: '127.0.0.1', port: 0 });
    close = async () => {
      await app.close();
      await queue.close();
      await ledger.close();
      await rm(root, { recursive: true, force: true });
    };
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await close?.();
    await bucket?.[Symbol.asyncDispose]();
    gate?.server.closeAllConnections();
    gate?.server.close();
    await fauxqs?.stop();
  });

  test('the parts go into the bucket; what was paused goes on with the part that is missing', async () => {
    const { page, complaints, close: leave } = await openPage(browser, `${origin}/new`);
    page.setDefaultTimeout(60_000);
    gate.held = 2;
    const tus: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PATCH') tus.push(request.url());
    });
    await page.getByLabel('Choose files', { exact: true }).setInputFiles(film);
    // All but the one that is held.
    const done = 'JSON.parse(Object.values(localStorage).find((one) => one.includes("part_bytes"))).done';
    await expect
      .poll(async () => ((await page.evaluate(done).catch(() => [])) as number[]).toSorted(), {
        timeout: 60_000,
      })
      .toEqual([1, 3]);
    await page.getByRole('button', { name: /^Pause/ }).click();
    await page.getByText('paused').waitFor();
    gate.held = null;
    gate.parts.splice(0);
    await page.reload();
    await page.getByLabel('Choose files', { exact: true }).setInputFiles(film);
    await page.getByText(/^Uploaded, resumed where it had stopped/).waitFor();
    expect(gate.parts).toEqual([2]);
    expect(tus).toEqual([]);
    const keys = await bucket.keys();
    expect(keys.some((key) => key.endsWith('.bin'))).toBe(true);
    expect(complaints).toEqual([]);
    await leave();
  });

  test('a bucket that does not let the page in is no obstacle', async () => {
    const { page, close: leave } = await openPage(browser, `${origin}/new`);
    await page.route(`${bucket.storage.direct?.origin}/**`, (route) => route.abort());
    await page
      .getByLabel('Choose files', { exact: true })
      .setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
    await page.getByText('Uploaded', { exact: true }).waitFor();
    await leave();
  });
});

/** Every upload in parts, and those smaller than the driver's; links do not say how large a part is. */
function smallParts({ storage, client, bucket }: TestBucket, gate: Gate): Storage {
  const direct = storage.direct as DirectAccess;
  const small: DirectAccess = {
    ...direct,
    origin: direct.origin,
    async beginUpload(size) {
      const links = await direct.beginUpload(200 * MiB);
      const count = Math.max(1, Math.ceil(size / PART_BYTES));
      return { ...links, part_bytes: PART_BYTES, parts: links.parts.slice(0, count) };
    },
    // The test server cannot list parts.
    async registerUpload({ file_id, upload_id }, facts) {
      const Parts = [...gate.tags].map(([PartNumber, ETag]) => ({ PartNumber, ETag }));
      const MultipartUpload = { Parts: Parts.sort((a, b) => a.PartNumber - b.PartNumber) };
      await client.send(
        new CompleteMultipartUploadCommand({
          Bucket: bucket,
          Key: gate.key,
          UploadId: upload_id ?? '',
          MultipartUpload,
        }),
      );
      return direct.registerUpload({ file_id, upload_id: null }, facts);
    },
    cancelUpload: (upload) => direct.cancelUpload(upload),
  };
  return new Proxy(storage, {
    get(target, key) {
      if (key === 'direct') return small;
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

interface Gate {
  server: Server;
  endpoint: string;
  /** Number of the part that gets no answer. */
  held: number | null;
  /** Numbers of the parts that passed. */
  parts: number[];
  /** What they are a part of, and what the bucket called each. */
  key: string;
  tags: Map<number, string>;
}

/** Gives the bucket the rule that lets pages of other origins in, which the test server does not know. */
async function openGate(port: number): Promise<Gate> {
  const cors = { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'PUT' };
  const server = createServer((incoming, outgoing) => {
    const { method, url = '/', headers } = incoming;
    if (method === 'OPTIONS') {
      outgoing.writeHead(204, { ...cors, 'access-control-allow-headers': '*' }).end();
      return;
    }
    const part = Number(new URL(url, 'http://gate').searchParams.get('partNumber'));
    if (part > 0 && part === gate.held) return void incoming.resume();
    if (part > 0) gate.parts.push(part);
    // The signature covers the headers as they are.
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      if (part > 0) {
        gate.key = decodeURIComponent(new URL(url, 'http://gate').pathname.split('/').slice(2).join('/'));
        gate.tags.set(part, String(answer.headers.etag));
      }
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...cors });
      answer.pipe(outgoing);
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gate: Gate = {
    server,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    held: null,
    parts: [],
    key: '',
    tags: new Map(),
  };
  return gate;
}
