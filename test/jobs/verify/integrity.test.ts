import { describe, expect, it } from 'vitest';
import { MillError } from '../../../src/core/errors.ts';
import { packets, streamsOf } from '../../decode/index.ts';
import {
  audioFile,
  counterVideo,
  coverMp3,
  emptyFile,
  flipBits,
  photoJpeg,
  textFile,
  toneWav,
  truncate,
} from '../../fixtures/media/index.ts';
import { failJob, readJson, runJob } from '../harness.ts';
import { FILMS, SOUNDS, UNUSUAL, without } from './files.ts';

interface Verdict extends Record<string, unknown> {
  valid: boolean;
  file_type: string | null;
  problems: string[];
  streams: {
    index: number;
    kind: string;
    codec: string;
    packets: number;
    frames: number;
    errors: number;
    first_error_at_s: number | null;
    missing_tail_s: number;
    holes_s: number;
  }[];
}

const run = (input: string, params: Record<string, unknown> = {}) =>
  runJob('verify_file_integrity', { input, target: 'verdict.json', params });
const verify = async (input: string, params: Record<string, unknown> = {}) =>
  (await run(input, params)).report.data as Verdict;

/** A file that does not even open is as good as not valid. */
async function verdictOn(input: string): Promise<Pick<Verdict, 'valid' | 'problems'>> {
  return await verify(input).catch((error: unknown) => {
    if (error instanceof MillError && error.code === 'unsupported_media')
      return { valid: false, problems: [error.message] };
    throw error;
  });
}

const ALL = Object.entries({ ...FILMS, ...SOUNDS });

describe('verify_file_integrity', () => {
  it.each([...ALL, ...Object.entries(UNUSUAL)])('finds nothing wrong with %s', async (_name, make) => {
    const input = await make();
    const { valid, problems, streams } = await verify(input);
    expect({ valid, problems }).toEqual({ valid: true, problems: [] });
    const wanted = await packets(input);
    expect(streams.map(({ index, kind, codec, packets: count }) => [index, kind, codec, count])).toEqual(
      wanted.map(({ index, kind, codec, packets: all }) => [index, kind, codec, all.length]),
    );
    for (const { kind, frames, errors, first_error_at_s, missing_tail_s, holes_s } of streams) {
      expect({ errors, first_error_at_s, missing_tail_s, holes_s }).toEqual({
        errors: 0,
        first_error_at_s: null,
        missing_tail_s: 0,
        holes_s: 0,
      });
      if (kind === 'video' || kind === 'audio') expect(frames).toBeGreaterThan(0);
      else expect(frames).toBe(0);
    }
  });

  it('counts the frames', async () => {
    const { streams, file_type } = await verify(await counterVideo({ frames: 37, bFrames: 2, gop: 10 }));
    expect(file_type).toBe('video');
    expect(streams[0]).toMatchObject({ kind: 'video', codec: 'h264', frames: 37, packets: 37 });
  });

  it.each(ALL)('finds %s cut short wherever it is cut', async (name, make) => {
    const input = await make();
    for (const share of [0.15, 0.37, 0.61, 0.83, 0.955, 0.995]) {
      const { valid, problems } = await verdictOn(await truncate(input, share));
      expect({ name, share, valid, problems }).toMatchObject({ valid: false });
      expect(problems.length).toBeGreaterThan(0);
    }
  });

  it('tells what the container announces', async () => {
    const wav = await verify(await truncate(await toneWav({ seconds: 2, channels: 1 }), 0.5));
    expect(wav.problems.join()).toMatch(/announces 192044 bytes and has 96022/);
    const mkv = await FILMS.mkv?.();
    const cut = await verify(await truncate(mkv as string, 0.5));
    expect(cut.streams.some(({ missing_tail_s }) => missing_tail_s > 0.5)).toBe(true);
  });

  it('says from where and how much is missing', async () => {
    const { problems, streams } = await verify(
      await truncate(await audioFile({ codec: 'flac', seconds: 4 }), 0.5),
    );
    const missing = streams[0]?.missing_tail_s as number;
    expect(missing).toBeGreaterThan(1.5);
    expect(missing).toBeLessThan(3);
    expect(problems.join()).toMatch(/Audio stream 0 \(flac\) breaks off: [\d.]+ s are missing/);
  });

  // PCM has no redundancy at all, and VP9 next to none.
  it.each(ALL.filter(([name]) => !/wav|webm/.test(name)))('finds flipped bits in %s', async (_name, make) => {
    const { valid } = await verdictOn(await flipBits(await make(), 3, 300, { from: 0.2, to: 0.9 }));
    expect(valid).toBe(false);
  });

  it('finds single flipped bits where streams have checksums', async () => {
    const input = await audioFile({ codec: 'flac', seconds: 3 });
    for (let seed = 1; seed <= 8; seed++) {
      const { valid, streams } = await verify(await flipBits(input, seed, 1, { from: 0.3, to: 0.9 }));
      expect({ seed, valid }).toEqual({ seed, valid: false });
      expect(streams[0]?.errors).toBeGreaterThan(0);
      expect(streams[0]?.first_error_at_s).toBeGreaterThan(0.5);
    }
  });

  it('says where the damage begins', async () => {
    const input = await flipBits(await counterVideo({ frames: 100, gop: 25 }), 4, 20, { from: 0.6, to: 0.7 });
    const { streams, problems } = await verify(input);
    expect(streams[0]?.errors).toBeGreaterThan(0);
    expect(streams[0]?.first_error_at_s).toBeGreaterThan(1);
    expect(streams[0]?.first_error_at_s).toBeLessThan(3.5);
    expect(problems[0]).toMatch(
      /^Video stream 0 \(h264\) has \d+ damaged packets or frames, the first at [\d.]+ s\.$/,
    );
  });

  it('finds what was taken out of the middle', async () => {
    for (const name of ['ts', 'mkv', 'avi']) {
      const input = await without(await (FILMS[name] as () => Promise<string>)(), 0.4, 0.6);
      expect((await verdictOn(input)).valid, name).toBe(false);
    }
    const opus = await verify(await without(await (SOUNDS.opus as () => Promise<string>)(), 0.35, 0.68));
    expect(opus.valid).toBe(false);
  });

  it('gives the same verdict again', async () => {
    const input = await truncate(await (FILMS.ts as () => Promise<string>)(), 0.75);
    const verdicts = await Promise.all(Array.from({ length: 4 }, () => verify(input)));
    for (const verdict of verdicts) expect(verdict).toEqual(verdicts[0]);
  });

  it.each([
    ['a video', 'video', () => counterVideo({ audio: [{ codec: 'aac' }] }), true],
    ['a video', 'audio', () => counterVideo({ audio: [{ codec: 'aac' }] }), false],
    ['sound', 'audio', () => toneWav(), true],
    ['sound', 'video', () => toneWav(), false],
    ['sound with a cover', 'audio', () => coverMp3(), true],
    ['sound with a cover', 'video', () => coverMp3(), false],
    ['a photo', 'auto', () => photoJpeg(), false],
    ['a photo', 'video', () => photoJpeg(), false],
  ] as const)('judges %s that must be %s', async (_name, file_type, make, wanted) => {
    const { valid, problems } = await verify(await make(), { file_type });
    expect(valid).toBe(wanted);
    if (!wanted) expect(problems).toHaveLength(1);
  });

  it('writes its verdict', async () => {
    const done = await run(await truncate(await toneWav(), 0.5));
    expect(await readJson(done)).toEqual(done.report.data);
    expect(done.report.message).toMatch(/^Not valid: /);
    expect((await run(await toneWav())).report.message).toMatch(/^Valid: 1 s/);
  });

  it('fails when asked to, with the verdict', async () => {
    const params = { fail_on_invalid: true };
    expect((await verify(await toneWav(), params)).valid).toBe(true);
    const input = await truncate(await toneWav(), 0.5);
    const failure = await failJob(
      'verify_file_integrity',
      { input, target: 'v.json', params },
      'integrity_failed',
    );
    expect(failure.facts).toEqual(await verify(input));
    expect(failure.detail).toMatch(/is not valid: .*announces/);
  });

  it.each([
    ['text', () => textFile()],
    ['nothing', () => emptyFile()],
    ['an mp4 without its index', async () => truncate(await counterVideo({ layout: 'index_last' }), 0.8)],
  ])('fails at once on %s', async (_name, make) => {
    await failJob('verify_file_integrity', { input: await make(), target: 'v.json' }, 'unsupported_media');
  });

  it('has more to say than a player', async () => {
    const input = await truncate(await (FILMS.webm as () => Promise<string>)(), 0.955);
    expect(streamsOf(input).streams).toHaveLength(2);
    expect((await verify(input)).problems.join()).toMatch(/announces \d+ bytes and has \d+/);
  });
});
