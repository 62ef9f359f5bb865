/** Many small jobs of all kinds in one child process: its memory stays what it was after the first ones. */
import { expect, it } from 'vitest';
import { counterVideo, solidPng } from '../fixtures/media/index.ts';
import { LIMITS, testHost, testOrder } from '../runner/fixtures/hosts.ts';

const JOBS = 128;
/** Every encoder, filter and buffer pool has been used by then, and the heap has its size. */
const WARM_UP = 56;
/**
 * V8 doubles its space for young objects once in a while: 16 MiB. The decoded clip is 0.5 MiB: kept by every job, it
 * would be 36 MiB between the two spans.
 */
const MARGIN_MIB = 24;
const MiB = 1024 ** 2;

it(`${JOBS} small media jobs leave the memory flat`, { timeout: 120_000 }, async () => {
  const input = await counterVideo({ frames: 25, width: 160, height: 90, audio: [{}] });
  const watermark_path = await solidPng({ width: 20, height: 20 });
  const fast = { preset: 'ultrafast' };
  const kinds: [task: string, target: string, params: Record<string, unknown>][] = [
    ['extract_key_frame', 'a.jpg', { timestamp: 0.5 }],
    ['transcode_h264_to_h265', 'a.mp4', fast],
    ['resize_to_720p', 'a.mkv', { ...fast, height: 48 }],
    ['create_animated_gif', 'a.gif', { width: 64, duration: 1 }],
    ['detect_scene_cuts', 'a.json', {}],
    ['extract_thumbnails', 'thumbs', { count: 3, sprite: true }],
    ['apply_watermark', 'a.mp4', { ...fast, watermark_path }],
    ['get_video_info', 'a.json', {}],
  ];
  const host = testHost({ registryModule: undefined, jobsPerChild: JOBS + 1 });
  const peaks: number[] = [];
  const pids = new Set<number | null>();
  for (let i = 0; i < JOBS; i++) {
    const [task, target, params] = kinds[i % kinds.length] as (typeof kinds)[0];
    const { metrics } = await host.run(await testOrder(task, { input, target, params }), LIMITS);
    peaks.push((metrics.peak_memory_bytes as number) / MiB);
    pids.add(host.pid);
  }
  expect(pids.size).toBe(1);
  const highest = (part: number[]) => Math.max(...part);
  const before = highest(peaks.slice(WARM_UP / 2, WARM_UP));
  expect(highest(peaks.slice(-WARM_UP / 2))).toBeLessThan(before + MARGIN_MIB);
});
