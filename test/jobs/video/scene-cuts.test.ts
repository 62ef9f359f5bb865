/** `detect_scene_cuts`: FFmpeg's own scene score of every frame, and the frames where it jumps. */
import { spawnSync } from 'node:child_process';
import { AVERROR_EAGAIN, AVERROR_EOF } from 'node-av/constants';
import { FilterGraph, Frame } from 'node-av/lib';
import { describe, expect, it } from 'vitest';
import { check, found } from '../../decode/native.ts';
import { decodedFrames } from '../../decode/source.ts';
import {
  counterVideo,
  cutsVideo,
  DEFAULT_CUTS,
  frameTimes,
  hdrVideo,
  type VideoOptions,
} from '../../fixtures/media/index.ts';
import { failJob, readJson, runJob } from '../harness.ts';

interface Scenes {
  cuts: { time_s: number; frame: number; score: number }[];
  frames: number;
  duration_s: number;
}

async function scenesOf(input: string, params: Record<string, unknown> = {}) {
  const run = await runJob('detect_scene_cuts', { input, target: 'cuts.json', params });
  const scenes = await readJson<Scenes & Record<string, unknown>>(run);
  expect(run.report.data).toEqual(scenes);
  return { ...scenes, report: run.report };
}

/** `lavfi.scene_score` of every frame behind `select`, by FFmpeg's filter graph and nothing of ours. */
async function selectScores(path: string): Promise<number[]> {
  const graph = new FilterGraph();
  const out = new Frame();
  out.alloc();
  const scores: number[] = [];
  let ends: {
    source: ReturnType<FilterGraph['getFilter']>;
    sink: ReturnType<FilterGraph['getFilter']>;
  } | null = null;
  try {
    graph.alloc();
    for await (const { frame, stream } of decodedFrames(path, 'video')) {
      if (!ends) {
        const shape = `video_size=${frame.width}x${frame.height}:pix_fmt=${frame.format}:colorspace=${frame.colorSpace}:range=${frame.colorRange}`;
        const base = `time_base=${stream.timeBase.num}/${stream.timeBase.den}`;
        check(graph.parse2(`buffer@i=${shape}:${base},select='gte(scene,0)',buffersink@o`), 'select');
        check(graph.configSync(), 'configuring select');
        ends = { source: graph.getFilter('buffer@i'), sink: graph.getFilter('buffersink@o') };
      }
      check(found(ends.source, 'buffer').buffersrcAddFrameSync(frame), 'filtering');
      for (;;) {
        const code = found(ends.sink, 'sink').buffersinkGetFrameSync(out);
        if (code === AVERROR_EAGAIN || code === AVERROR_EOF) break;
        check(code, 'filtered frames');
        using metadata = out.getMetadata();
        scores.push(Number(metadata.get('lavfi.scene_score')));
        out.unref();
      }
    }
    return scores;
  } finally {
    out.free();
    graph.free();
  }
}

describe('scores', () => {
  const clips: (() => Promise<string>)[] = [
    () => cutsVideo(),
    () => cutsVideo({ codec: 'hevc', pixFmt: 'yuv420p10le', frames: 60, cuts: [20, 40] }),
    () => cutsVideo({ container: 'mkv', bFrames: 3, vfr: true, frames: 60, cuts: [20, 40] }),
    () => cutsVideo({ codec: 'mjpeg', frames: 40, cuts: [20] }),
    () => cutsVideo({ codec: 'ffv1', pixFmt: 'bgr0', color: {}, frames: 40, cuts: [20] }),
    () => counterVideo({ width: 162, height: 90 }),
    () => hdrVideo(),
  ];
  it.each(clips)("every frame's is that of FFmpeg's select filter (clip %#)", async (make) => {
    const path = await make();
    const scores = await selectScores(path);
    const { cuts, frames } = await scenesOf(path, { threshold: 0 });
    expect(frames).toBe(scores.length);
    expect(cuts.map(({ frame }) => frame)).toEqual(scores.map((_, n) => n).slice(1));
    for (const { frame, score } of cuts)
      expect(Math.abs(score - (scores[frame] as number)), `frame ${frame}`).toBeLessThan(1e-3);
    expect(Math.max(...scores)).toBeGreaterThan(0.001);
  });

  it('agree with the ffmpeg program', async () => {
    const path = await cutsVideo();
    const args = [
      '-v',
      'error',
      '-i',
      path,
      '-vf',
      "select='gte(scene,0.3)',metadata=print:file=-",
      '-f',
      'null',
      '-',
    ];
    const { error, stdout } = spawnSync('ffmpeg', args, { encoding: 'utf8' });
    if (error) return;
    const printed = [...stdout.matchAll(/scene_score=([\d.]+)/g)].map(([, score]) => Number(score));
    const { cuts } = await scenesOf(path);
    expect(cuts).toHaveLength(printed.length);
    for (const [i, { score }] of cuts.entries())
      expect(Math.abs(score - (printed[i] as number))).toBeLessThan(1e-3);
  });
});

describe('cuts', () => {
  const clips: VideoOptions[] = [
    {},
    { container: 'mkv', bFrames: 3 },
    { container: 'ts', bFrames: 2 },
    { codec: 'mpeg4', bFrames: 2 },
    { codec: 'vp9' },
    { rotation: 90 },
  ];
  it.each(clips)('at the frames where they are: %o', async (options) => {
    const { cuts, frames, duration_s, report } = await scenesOf(await cutsVideo(options));
    expect(cuts.map(({ frame }) => frame)).toEqual(DEFAULT_CUTS);
    for (const { time_s, frame } of cuts) expect(time_s).toBeCloseTo(frame / 25, 2);
    expect(frames).toBe(100);
    expect(duration_s).toBeCloseTo(4, 2);
    expect(report.message).toBe('3 cuts in 4 s');
  });

  it('their times are those of the frames, from 0:00', async () => {
    const options: VideoOptions & { cuts: number[] } = {
      container: 'ts',
      vfr: true,
      frames: 60,
      cuts: [20, 41],
    };
    const { cuts } = await scenesOf(await cutsVideo(options));
    const times = frameTimes(options);
    expect(cuts.map(({ frame }) => frame)).toEqual([20, 41]);
    for (const { time_s, frame } of cuts) expect(time_s).toBeCloseTo((times[frame] as number) - 1.4, 4);
  });

  it('are the frames that reach the threshold', async () => {
    const path = await counterVideo();
    const scores = (await selectScores(path)).slice(1);
    const middle = scores.toSorted((a, b) => a - b)[15] as number;
    const { cuts } = await scenesOf(path, { threshold: middle - 1e-6 });
    expect(cuts).toHaveLength(scores.filter((score) => score >= middle - 1e-6).length);
    expect(cuts.length).toBeLessThan(scores.length);
    expect(cuts.length).toBeGreaterThan(10);
  });

  it('min_scene_seconds passes over cuts that come too soon', async () => {
    const path = await cutsVideo();
    const framesOf = async (seconds: number) =>
      (await scenesOf(path, { min_scene_seconds: seconds })).cuts.map(({ frame }) => frame);
    // Cuts at 1, 2 and 2.8 s.
    expect(await framesOf(0.8)).toEqual([25, 50, 70]);
    expect(await framesOf(0.9)).toEqual([25, 50]);
    expect(await framesOf(1.1)).toEqual([50]);
    expect(await framesOf(5)).toEqual([]);
  });

  it('none in a film of one scene', async () => {
    const { cuts, report } = await scenesOf(await cutsVideo({ cuts: [], frames: 30 }));
    expect(cuts).toEqual([]);
    expect(report.message).toBe('0 cuts in 1.2 s');
  });

  it('thresholds outside 0…1 are refused', async () => {
    const input = await cutsVideo();
    const params = { threshold: 1.5 };
    await failJob('detect_scene_cuts', { input, target: 'cuts.json', params }, 'invalid_params');
  });
});
