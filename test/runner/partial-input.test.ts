/** Inputs that lie elsewhere: a look at a large one moves little, and every result is that of a file that is here. */
import { copyFile, mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import type { JobRecord } from '../../src/queue/port.ts';
import openLocalStorage from '../../src/storage/drivers/local.ts';
import type { ByteRange, Storage } from '../../src/storage/port.ts';
import { counterVideo } from '../fixtures/media/index.ts';
import { type Mill, openMill } from '../jobs/examples/mill.ts';

const LARGE_BYTES = 2 * 1024 ** 3;
const JOB_MS = 90_000;

let root: string;
let local: Storage;
let remote: Storage;
let here: Mill;
let elsewhere: Mill;
/** Bytes that were read, and what stops them. */
const traffic = { bytes: 0, reads: 0, fails: false };

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mill-partial-'));
  local = await openLocalStorage({ inputRoot: join(root, 'input'), outputRoot: join(root, 'output') });
  // A folder that pretends to be far away.
  remote = {
    ...local,
    remote: true,
    async read(path: string, range?: ByteRange) {
      if (traffic.fails) throw new MillError('storage_unavailable', 'The bucket answered 500.');
      traffic.reads += 1;
      const stream = await local.read(path, range);
      return stream.on('data', (chunk: Buffer) => {
        traffic.bytes += chunk.length;
      });
    },
  };
  await copyFile(
    await counterVideo({ frames: 250, audio: [{ codec: 'aac' }] }),
    join(root, 'input', 'small.mp4'),
  );
  await copyFile(join(root, 'input', 'small.mp4'), join(root, 'input', 'large.mp4'));
  await stretch(join(root, 'input', 'large.mp4'));
  [here, elsewhere] = await Promise.all([openMill(local), openMill(remote)]);
});
afterAll(async () => {
  await Promise.all([here?.close(), elsewhere?.close()]);
  await rm(root, { recursive: true, force: true });
});
beforeEach(() => Object.assign(traffic, { bytes: 0, reads: 0, fails: false }));

/** The index moves to the end, behind two gigabytes of nothing: the film stays what it is. */
async function stretch(path: string): Promise<void> {
  const whole = await readFile(path);
  const at = boxAt(whole, 'moov');
  const index = whole.subarray(at, at + whole.readUInt32BE(at));
  await using file = await open(path, 'r+');
  await file.write('free', at + 4, 'latin1');
  const free = Buffer.alloc(16);
  free.writeUInt32BE(1, 0);
  free.write('free', 4, 'latin1');
  free.writeBigUInt64BE(BigInt(LARGE_BYTES), 8);
  await file.write(free, 0, free.length, whole.length);
  await file.truncate(whole.length + LARGE_BYTES);
  await file.write(index, 0, index.length, whole.length + LARGE_BYTES);
}

function boxAt(bytes: Buffer, name: string): number {
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    if (bytes.toString('latin1', at + 4, at + 8) === name) return at;
  }
  throw new Error(`no ${name}`);
}

const both = (task: string, parts: Parameters<Mill['runTask']>[1]): Promise<[JobRecord, JobRecord]> =>
  Promise.all([here.runTask(task, parts), elsewhere.runTask(task, parts)]);

describe('2 GB that lie elsewhere', () => {
  test.each(['probe_media_file', 'get_video_info', 'get_audio_info'])(
    '%s moves less than 8 MB and tells the same',
    async (task) => {
      expect((await stat(join(root, 'input', 'large.mp4'))).size).toBeGreaterThan(LARGE_BYTES);
      const [near, far] = await both(task, { input: '/data/input/large.mp4', params: {} });
      expect(far.error).toBeNull();
      expect(far.result?.data).toEqual(near.result?.data);
      expect(traffic.bytes).toBeGreaterThan(0);
      expect(traffic.bytes).toBeLessThan(8e6);
      expect(far.result?.metrics.input_fetched_bytes).toBe(traffic.bytes);
      expect(near.result?.metrics.input_fetched_bytes).toBeUndefined();
    },
    JOB_MS,
  );

  test(
    'one frame is found by seeking',
    async () => {
      const parts = { input: '/data/input/large.mp4', params: { timestamp: '00:00:05' } };
      const near = await here.runTask('extract_key_frame', { ...parts, output: '/data/output/near.png' });
      const far = await elsewhere.runTask('extract_key_frame', { ...parts, output: '/data/output/far.png' });
      expect(far.error).toBeNull();
      expect(near.error).toBeNull();
      expect(traffic.bytes).toBeLessThan(8e6);
      const pictures = await Promise.all(
        ['near', 'far'].map((name) => readFile(join(root, 'output', `${name}.png`))),
      );
      expect((pictures[0] as Buffer).equals(pictures[1] as Buffer)).toBe(true);
    },
    JOB_MS,
  );

  test(
    'a storage that fails in the middle fails the job with its own code',
    async () => {
      traffic.fails = true;
      const record = await elsewhere.runTask('probe_media_file', {
        input: '/data/input/large.mp4',
        params: {},
      });
      expect(record).toMatchObject({ status: 'failed', error: { code: 'storage_unavailable' } });
      traffic.fails = false;
      expect(
        (await elsewhere.runTask('probe_media_file', { input: '/data/input/large.mp4', params: {} })).status,
      ).toBe('finished');
    },
    JOB_MS,
  );
});
