/** What is shown of files, made from real media and judged by decoding what comes back. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPreviews } from '../../src/previews/service.ts';
import { countedFrames, decodeAudio, readImage, streamsOf } from '../decode/index.ts';
import { readCounter } from '../fixtures/media/counter.ts';
import {
  counterVideo,
  coverMp3,
  dimensionBomb,
  hostilePlaylist,
  photoJpeg,
  toneWav,
  truncate,
} from '../fixtures/media/index.ts';
import { resultOf, startServer, type TestServer, type TestServerOptions } from './fixtures/server.ts';

let server: TestServer;
const get = (url: string, headers = {}) => server.app.inject({ method: 'GET', url, headers });

const withPreviews: TestServerOptions = {
  previews: (storage, folder) =>
    openPreviews({ storage, folder, maxBytes: 64 * 1024 ** 2, memoryLimitBytes: 2 * 1024 ** 3 }),
};

beforeAll(async () => {
  server = await startServer(withPreviews);
});
afterAll(() => server.close());

let files = 0;
/** Lays a file into the input folder as an administrator would; answers its storage path. */
async function stored(path: string, extension = extname(path)): Promise<string> {
  const name = `file${++files}${extension}`;
  await writeFile(join(server.root, 'input', name), await readFile(path));
  return `/data/input/${name}`;
}

/** An upload; answers its id. */
async function uploaded(path: string, originalName = 'x'): Promise<string> {
  const { createReadStream } = await import('node:fs');
  return (await server.storage.upload(createReadStream(path), { maxBytes: 1e9, originalName })).file_id;
}

/** A job that has made a copy of this file from it. */
async function jobOn(path: string): Promise<string> {
  const input_path = await stored(path);
  const output = `/data/output/${files}${extname(path)}`;
  const work = await server.storage.createWork(`copy-${files}`);
  await writeFile(join(work, 'x'), await readFile(path));
  await server.storage.publish(join(work, 'x'), output);
  const [job] = await server.queue.enqueue([
    { task: 'shout_text', input_path, output_path: output, params: {}, priority: 100 },
  ]);
  const claim = await server.queue.claim('fixture', 60_000);
  if (!claim || !job) throw new Error('nothing to claim');
  await server.queue.complete(claim, resultOf(output));
  return job.id;
}

async function kept(bytes: Buffer, extension: string): Promise<string> {
  const path = join(server.root, `answer${++files}${extension}`);
  await writeFile(path, bytes);
  return path;
}

/** The number on a picture of a counter video. */
async function numberOn(
  bytes: Buffer,
  extension = '.webp',
  left = 0,
  width?: number,
): Promise<number | null> {
  const image = await readImage(await kept(bytes, extension));
  const wide = width ?? image.width;
  const luma = new Uint8Array(wide * image.height);
  for (let y = 0; y < image.height; y++)
    for (let x = 0; x < wide; x++)
      luma[y * wide + x] = image.rgba[(y * image.width + left + x) * 4 + 1] as number;
  return readCounter({ width: wide, height: image.height, luma });
}

describe('what a file is', () => {
  test('a film: in one line, with everything its header tells', async () => {
    const id = await uploaded(
      await counterVideo({ width: 320, height: 180, fps: 25, frames: 75 }),
      'Käse <b>.mp4',
    );
    const answer = await get(`/api/files/${id}/info`);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      file_id: id,
      original_name: 'Käse <b>.mp4',
      kind: 'video',
      media_type: 'video/mp4',
      duration_s: 3,
      summary: '3 s · H.264 320×180 · 25 fps',
      problem: null,
      source: { format: { name: expect.stringContaining('mp4') }, streams: [{ codec: 'h264', width: 320 }] },
    });
    const again = await server.app.inject({ method: 'POST', url: '/api/files/info', payload: { path: id } });
    expect(again.json()).toEqual(answer.json());
  });

  test('sound, a photo, a text, and media that is none', async () => {
    const info = async (path: string) =>
      (await server.app.inject({ method: 'POST', url: '/api/files/info', payload: { path } })).json();
    expect(await info(await stored(await toneWav({ seconds: 2 })))).toMatchObject({
      kind: 'audio',
      duration_s: 2,
    });
    expect(await info(await stored(await photoJpeg()))).toMatchObject({
      kind: 'image',
      duration_s: null,
      summary: 'JPEG 320×240',
    });
    await writeFile(join(server.root, 'input', 'notes.txt'), 'words');
    expect(await info('input/notes.txt')).toMatchObject({ kind: 'other', source: null, problem: null });
    const broken = await truncate(await counterVideo({ frames: 75 }), 0.05);
    expect(await info(await stored(broken))).toMatchObject({
      kind: 'other',
      source: null,
      problem: { code: 'unsupported_media', next: expect.any(String) },
    });
    expect(await info('input/not-there.mp4')).toMatchObject({ status: 404, code: 'input_not_found' });
    expect(await info('/etc/passwd')).toMatchObject({ status: 400, code: 'path_outside_storage' });
  });
});

describe('pictures', () => {
  test('of exactly the frame that is shown at a time', async () => {
    const id = await uploaded(await counterVideo({ width: 640, height: 360, fps: 25, frames: 100, gop: 50 }));
    for (const [at, number] of [
      [0, 0],
      [1, 25],
      [2.99, 74],
      [3.96, 99],
    ]) {
      const answer = await get(`/api/files/${id}/poster?width=640&at=${at}`);
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-type']).toBe('image/webp');
      expect(await numberOn(answer.rawPayload)).toBe(number);
    }
  });

  test('come in few sizes, and are never enlarged', async () => {
    const id = await uploaded(await counterVideo({ width: 320, height: 180, frames: 50 }));
    const size = async (width: number) => {
      const { width: wide, height } = await readImage(
        await kept((await get(`/api/files/${id}/poster?width=${width}`)).rawPayload, '.webp'),
      );
      return [wide, height];
    };
    expect(await size(100)).toEqual([160, 90]);
    expect(await size(1000)).toEqual([320, 180]);
    expect((await get(`/api/files/${id}/poster?width=5000`)).statusCode).toBe(400);
  });

  test('of a cover and of a photo; sound alone has none', async () => {
    const cover = await get(`/api/files/${await uploaded(await coverMp3())}/poster`);
    expect(cover.statusCode).toBe(200);
    const photo = await get(`/api/files/${await uploaded(await photoJpeg({ number: 42 }))}/poster?width=320`);
    expect(await numberOn(photo.rawPayload)).toBe(42);
    const sound = await get(`/api/files/${await uploaded(await toneWav({ seconds: 1 }))}/poster`);
    expect(sound.json()).toMatchObject({ status: 404, code: 'no_preview' });
    expect(sound.headers['cache-control']).toBe('private, max-age=60');
  });

  test('are made once, and then answered from the disk or with 304', async () => {
    const id = await uploaded(await counterVideo({ width: 480, height: 270, frames: 30 }));
    const url = `/api/files/${id}/poster?width=480`;
    const many = await Promise.all(Array.from({ length: 8 }, () => get(url)));
    const tags = new Set(many.map(({ headers }) => headers.etag));
    expect(tags.size).toBe(1);
    const headers = { 'if-none-match': [...tags][0] };
    expect((await get(url, headers)).statusCode).toBe(304);
    // They are nobody's outputs.
    expect(await server.files('output')).not.toContainEqual(expect.stringContaining('webp'));
  });

  test('beside each other on a strip', async () => {
    const job = await jobOn(await counterVideo({ width: 320, height: 180, fps: 25, frames: 100 }));
    const answer = await get(`/api/jobs/${job}/strip?of=source&count=4&height=72`);
    expect(answer.headers['content-type']).toBe('image/jpeg');
    const { width, height } = await readImage(await kept(answer.rawPayload, '.jpg'));
    expect([width, height]).toEqual([512, 72]);
    const numbers = [];
    for (let still = 0; still < 4; still++)
      numbers.push(await numberOn(answer.rawPayload, '.jpg', still * 128, 128));
    expect(numbers).toEqual([12, 37, 62, 87]);
  });
});

describe('a job', () => {
  test('gives back what it was made from, in ranges', async () => {
    const path = await counterVideo({ frames: 25 });
    const content = await readFile(path);
    const job = await jobOn(path);
    const whole = await get(`/api/jobs/${job}/input`);
    expect(whole.rawPayload.equals(content)).toBe(true);
    const part = await get(`/api/jobs/${job}/input`, { range: 'bytes=100-199' });
    expect(part.statusCode).toBe(206);
    expect(part.rawPayload.equals(content.subarray(100, 200))).toBe(true);
  });

  test('is played as it is where browsers can', async () => {
    const job = await jobOn(await counterVideo({ frames: 25, codec: 'h264' }));
    const preview = (await get(`/api/jobs/${job}/preview`)).json();
    expect(preview).toMatchObject({ playable: true, kind: 'video', rendition: false, state: 'ready' });
    expect((await get(preview.url)).headers['content-type']).toBe('video/mp4');
    expect((await get(`/api/jobs/${job}/preview?of=source`)).json().url).toBe(`/api/jobs/${job}/input`);
  });

  test('else by a rendition with the same frames at the same times', { timeout: 120_000 }, async () => {
    const path = await counterVideo({ width: 640, height: 360, frames: 60, codec: 'hevc' });
    const job = await jobOn(path);
    const url = `/api/jobs/${job}/preview`;
    expect((await get(url)).json()).toMatchObject({
      playable: false,
      kind: 'video',
      state: 'making',
      url: null,
    });
    expect((await get(`${url}/file`)).json()).toMatchObject({ status: 404, code: 'no_preview' });
    await expect.poll(async () => (await get(url)).json().state, { timeout: 90_000 }).toBe('ready');
    const preview = (await get(url)).json();
    expect(preview).toMatchObject({ rendition: true, media_type: 'video/mp4', percent: 100 });
    const made = await get(preview.url);
    const file = await kept(made.rawPayload, '.mp4');
    expect(streamsOf(file).streams.map(({ codec }) => codec)).toEqual(['h264']);
    const times = (frames: { number: number | null; time_s: number }[]) =>
      frames.map(({ number, time_s }) => [number, Math.round(time_s * 1000)]);
    expect(times(await countedFrames(file))).toEqual(times(await countedFrames(path)));
    const part = await get(preview.url, { range: 'bytes=0-9' });
    expect(part.statusCode).toBe(206);
  });

  test('has its sound drawn', async () => {
    const path = await toneWav({ seconds: 2 });
    const job = await jobOn(path);
    const peaks = (await get(`/api/jobs/${job}/peaks?samples=20`)).json();
    const decoded = await decodeAudio(path);
    const samples = decoded.samples[0] as Float32Array;
    expect(peaks).toMatchObject({ duration_s: 2, sample_rate: decoded.rate });
    expect(peaks.channels).toHaveLength(decoded.channels);
    for (const { min, max } of peaks.channels) {
      expect(min).toHaveLength(20);
      for (let span = 0; span < 20; span++) {
        const part = samples.subarray((span * samples.length) / 20, ((span + 1) * samples.length) / 20);
        expect(max[span]).toBeCloseTo(
          part.reduce((a, b) => Math.max(a, b)),
          3,
        );
        expect(min[span]).toBeCloseTo(
          part.reduce((a, b) => Math.min(a, b)),
          3,
        );
      }
    }
  });

  test('without files says so', async () => {
    expect((await get('/api/jobs/none/poster')).json()).toMatchObject({ status: 404, code: 'job_not_found' });
    const [job] = await server.queue.enqueue([
      { task: 'make_noise', input_path: null, output_path: null, params: {} },
    ]);
    expect((await get(`/api/jobs/${job?.id}/input`)).json()).toMatchObject({ code: 'input_not_found' });
    expect((await get(`/api/jobs/${job?.id}/preview`)).json()).toMatchObject({ code: 'output_not_found' });
  });
});

describe('32, 34 hostile files', () => {
  test('bombs and playlists show nothing and harm nobody', { timeout: 90_000 }, async () => {
    const bad = [await dimensionBomb('webp'), await hostilePlaylist('ffconcat')];
    for (const path of bad) {
      const id = await uploaded(path);
      const answer = await get(`/api/files/${id}/poster`);
      expect([200, 404]).toContain(answer.statusCode);
      expect((await get(`/api/files/${id}/info`)).statusCode).toBe(200);
    }
    expect((await get('/healthz')).statusCode).toBe(200);
  });

  test('a crash and a hang take only their own process, and are not tried again at once', async () => {
    const storage = server.storage;
    const folder = join(server.root, 'bad-previews');
    const previews = openPreviews({
      storage,
      folder,
      maxBytes: 1e6,
      memoryLimitBytes: 2 * 1024 ** 3,
      registryModule: new URL('./fixtures/bad-previews.ts', import.meta.url).href,
      deadlineMs: 3000,
    });
    try {
      const path = await stored(await counterVideo({ frames: 25 }));
      expect(await previews.look(path)).toMatchObject({ facts: null, problem: { code: 'crashed' } });
      await expect(previews.picture(path, { width: 100 })).rejects.toMatchObject({
        code: 'no_preview',
        facts: { because: 'timed_out' },
      });
      const begun = Date.now();
      await expect(previews.picture(path, { width: 100 })).rejects.toMatchObject({ code: 'no_preview' });
      expect(Date.now() - begun).toBeLessThan(2500);
      expect(await readdir(join(folder, 'work'))).toEqual([]);
    } finally {
      await previews.close();
    }
  });
});

test('the cache keeps within its size, and what was used last', { timeout: 60_000 }, async () => {
  const folder = join(server.root, 'small-cache');
  const maxBytes = 30_000;
  const { storage } = server;
  const previews = openPreviews({ storage, folder, maxBytes, memoryLimitBytes: 2 * 1024 ** 3 });
  try {
    const path = await stored(await counterVideo({ width: 640, height: 360, fps: 25, frames: 100 }));
    for (let at_s = 0; at_s < 3; at_s += 0.1) await previews.picture(path, { width: 640, at_s });
    const names = await readdir(folder, { recursive: true });
    const sizes = await Promise.all(names.map(async (name) => stat(join(folder, name))));
    const total = sizes.filter((one) => one.isFile()).reduce((sum, { size }) => sum + size, 0);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(maxBytes * 1.5);
  } finally {
    await previews.close();
  }
});
