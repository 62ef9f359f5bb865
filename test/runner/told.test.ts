/** What stays of a run beside its result: its plan, its curve, and a failure that says where it broke. */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRegistry } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import { recordSeries } from '../../src/runner/run-series.ts';
import { counterVideo, truncate } from '../fixtures/media/index.ts';
import { openWorkplace, type Workplace } from './fixtures/workplace.ts';

const real = { registry: createRegistry(jobs), registryModule: undefined };

async function lay(place: Workplace, path: string, name: string): Promise<string> {
  await copyFile(path, join(place.inputRoot, name));
  return `/data/input/${name}`;
}

test('the plan is kept after the end', { timeout: 120_000 }, async () => {
  const place = await openWorkplace();
  place.start(real);
  const film = await counterVideo({ width: 320, height: 180, fps: 25, frames: 50 });
  const input_path = await lay(place, film, 'film.mp4');
  const job = await place.enqueue('transcode_h264_to_h265', {
    input_path,
    output_path: '/data/output/film.mp4',
    params: { preset: 'ultrafast' },
    input_name: 'Holiday.mp4',
  });
  const done = await place.settled(job.id);
  expect(done).toMatchObject({
    status: 'finished',
    input_name: 'Holiday.mp4',
    input_size_bytes: done.result?.metrics.input_size_bytes,
    plan: {
      source_kind: 'video',
      source: '2 s · H.264 320×180 · 25 fps',
      duration_s: 2,
      reads: 'decode',
      steps: [{ kind: 'video', stream: 0, from: 'h264', to: 'libx265' }],
    },
  });
  await expect(place.queue.series('nobody')).rejects.toMatchObject({ code: 'job_not_found' });
});

test('the curve of a run is kept after the end', { timeout: 120_000 }, async () => {
  const place = await openWorkplace();
  place.start();
  const done = await place.settled((await place.enqueue('stroll')).id);
  expect(done.status).toBe('finished');
  const samples = await place.queue.series(done.id);
  expect(samples.length).toBeGreaterThan(1);
  for (const [index, sample] of samples.entries()) {
    expect(sample.t_s).toBeGreaterThan(samples[index - 1]?.t_s ?? -1);
    expect(sample.percent ?? 0).toBeGreaterThanOrEqual(samples[index - 1]?.percent ?? 0);
    expect(sample.memory_bytes ?? 1e6).toBeGreaterThan(1e6 - 1);
  }
  expect(samples.at(-1)?.percent).toBeGreaterThan(samples[0]?.percent ?? 100);
  const most = Math.max(0, ...samples.map(({ memory_bytes }) => memory_bytes ?? 0));
  expect(most).toBeGreaterThan(1e6);
  expect(most).toBeLessThanOrEqual(done.result?.metrics.peak_memory_bytes ?? 0);
});

test('36 a source that breaks off says where, what was announced and what was found', {
  timeout: 60_000,
}, async () => {
  const place = await openWorkplace();
  place.start(real);
  const whole = await counterVideo({ fps: 25, frames: 100, gop: 10, extension: '.mkv' } as never);
  const input_path = await lay(place, await truncate(whole, 0.6), 'cut.mkv');
  const run = async (id: string) => place.settled(id);
  const job = await place.enqueue('resize_to_720p', {
    input_path,
    output_path: '/data/output/cut.mkv',
    params: { preset: 'ultrafast' },
  });
  const failed = await run(job.id);
  expect(failed.status).toBe('failed');
  expect(failed.error).toMatchObject({ code: 'output_verification_failed', facts: { announced_s: 4 } });
  const facts = failed.error?.facts as Record<string, number>;
  expect(facts.found_s).toBeGreaterThan(0.5);
  expect(facts.found_s).toBeLessThan(3.9);
  expect(facts.at_s).toBeCloseTo(facts.found_s as number, 1);

  await place.queue.retry(job.id);
  expect((await run(job.id)).error?.facts).toMatchObject({ attempts_same_place: 2 });
});

test("FFmpeg's last lines stand beside the failure", { timeout: 60_000 }, async () => {
  const place = await openWorkplace();
  place.start(real);
  const film = (await readFile(await counterVideo({ frames: 50 }))).toString('latin1');
  await writeFile(join(place.inputRoot, 'head.mp4'), film.replaceAll('moov', 'skip'), 'latin1');
  const job = await place.enqueue('get_video_info', {
    input_path: '/data/input/head.mp4',
    output_path: '/data/output/i.json',
  });
  const { error } = await place.settled(job.id);
  expect(error).toMatchObject({ code: 'unsupported_media', log: [expect.stringContaining('moov')] });
  expect(error?.facts ?? {}).not.toHaveProperty('ffmpeg_log');
});

test('a long run has no more points than a short one has room for', () => {
  let now = 0;
  const series = recordSeries(() => now);
  try {
    for (let second = 1; second <= 5000; second++) {
      now = second * 1000;
      series.progress({ percent: second / 50 });
      series.memory(second);
      series.look();
    }
    expect(series.samples.length).toBeLessThanOrEqual(240);
    expect(series.samples.length).toBeGreaterThan(100);
    expect(series.samples.at(-1)?.t_s).toBeGreaterThan(4900);
    expect(series.samples[0]?.t_s).toBeLessThan(60);
  } finally {
    series.end();
  }
});
