import { describe, expect, it } from 'vitest';
import { MillError } from '../../../src/core/errors.ts';
import { writeContainer } from '../../fixtures/media/container.ts';
import {
  audioFile,
  cached,
  counterVideo,
  coverMp3,
  flipBits,
  photoJpeg,
  textFile,
  toneWav,
  truncate,
} from '../../fixtures/media/index.ts';
import { soundtrack } from '../../fixtures/media/soundtrack.ts';
import { failJob, readJson, runJob } from '../harness.ts';
import { FILMS, renamed, SOUNDS, UNUSUAL } from './files.ts';

interface Compliance extends Record<string, unknown> {
  compliant: boolean;
  checks: { name: string; passed: boolean; detail: string }[];
}

const run = (input: string, params: Record<string, unknown> = {}) =>
  runJob('validate_format_compliance', { input, target: 'compliance.json', params });
const validate = async (input: string, params: Record<string, unknown> = {}) =>
  (await run(input, params)).report.data as Compliance;

const CHECKS = ['kind', 'extension', 'codecs', 'index', 'timestamps', 'durations', 'complete', 'decodes'];
const failed = ({ checks }: Compliance) => checks.filter(({ passed }) => !passed).map(({ name }) => name);
const detail = ({ checks }: Compliance, name: string) => checks.find((check) => check.name === name)?.detail;

/** Two tones of AAC with these container options. */
function sound(extension: string, key: string, options: Record<string, string>): Promise<string> {
  return cached('sound', extension, key, async (path) =>
    writeContainer(path, [await soundtrack(path, {}, { seconds: 2, start: 0, isDefault: true })], {
      options,
    }),
  );
}

describe('validate_format_compliance', () => {
  it.each([
    ...Object.entries(FILMS).map(([name, make]) => [name, 'video', make] as const),
    ...Object.entries(UNUSUAL).map(([name, make]) => [name, 'video', make] as const),
    ...Object.entries(SOUNDS).map(([name, make]) => [name, 'audio', make] as const),
  ])('passes %s as %s', async (_name, format, make) => {
    const data = await validate(await make(), { format });
    expect(failed(data)).toEqual([]);
    expect(data.compliant).toBe(true);
    expect(data.checks.map(({ name }) => name)).toEqual(CHECKS);
    for (const check of data.checks) expect(check.detail.length).toBeGreaterThan(10);
  });

  it.each([
    ['mp4 with its index in front', 'moov is there at the beginning.'],
    ['mp4 with its index at the end', 'moov is there at the end.'],
    ['mkv', 'Cues is there.'],
    ['webm', 'Cues is there.'],
    ['avi', 'idx1 or indx is there.'],
    ['ts', 'The container needs none.'],
    ['flv', 'The container needs none.'],
  ])('knows the index of %s', async (name, wanted) => {
    expect(detail(await validate(await (FILMS[name] as () => Promise<string>)()), 'index')).toBe(wanted);
  });

  it('misses an index', async () => {
    const live = await sound('.mka', 'live', { live: '1' });
    expect(failed(await validate(live))).toContain('index');
    const avi = await (FILMS.avi as () => Promise<string>)();
    expect(failed(await validate(await truncate(avi, 0.9)))).toEqual(
      expect.arrayContaining(['index', 'complete']),
    );
  });

  it('compares the name with what is in the file', async () => {
    const video = await counterVideo({ audio: [{ codec: 'aac' }] });
    expect(failed(await validate(await renamed(video, '.mkv')))).toEqual(['extension']);
    expect(failed(await validate(await renamed(await toneWav(), '.mp3')))).toEqual(['extension']);
    expect(failed(await validate(await renamed(video, '.m4v')))).toEqual([]);
    expect(failed(await validate(await renamed(video, '')))).toEqual([]);
    expect(failed(await validate(await renamed(video, '.bin')))).toEqual([]);
  });

  it('compares the codecs with the container', async () => {
    const h264 = await renamed(await counterVideo({ container: 'mkv', audio: [{ codec: 'aac' }] }), '.webm');
    const data = await validate(h264);
    expect(failed(data)).toEqual(['codecs']);
    expect(detail(data, 'codecs')).toBe('h264, aac do not belong into this file.');
    const vorbis = await renamed(await audioFile({ codec: 'vorbis' }), '.opus');
    expect(failed(await validate(vorbis))).toEqual(['codecs']);
  });

  it.each([
    ['video', () => toneWav(), 'The file has no video; it is sound.'],
    ['video', () => coverMp3(), 'The file has no video; it is sound.'],
    ['audio', () => counterVideo({ audio: [{ codec: 'aac' }] }), 'The file is a video, not sound alone.'],
    ['video', () => photoJpeg(), 'The file holds neither video nor sound.'],
    [undefined, () => photoJpeg(), 'The file holds neither video nor sound.'],
  ] as const)('refuses what is no %s', async (format, make, wanted) => {
    const data = await validate(await make(), format ? { format } : {});
    expect(failed(data)).toEqual(['kind']);
    expect(detail(data, 'kind')).toBe(wanted);
  });

  it.each(Object.entries({ ...FILMS, ...SOUNDS }))('finds %s cut short', async (_name, make) => {
    const input = await make();
    for (const share of [0.37, 0.83, 0.955]) {
      const done = await validate(await truncate(input, share)).catch((error: MillError) => error);
      if (done instanceof MillError) expect(done.code).toBe('unsupported_media');
      else {
        expect(done.compliant).toBe(false);
        expect(failed(done).some((name) => ['complete', 'decodes', 'durations'].includes(name))).toBe(true);
      }
    }
  });

  it('decodes from start to end', async () => {
    const data = await validate(
      await flipBits(await counterVideo({ frames: 100 }), 4, 30, { from: 0.3, to: 0.9 }),
    );
    expect(failed(data)).toEqual(['decodes']);
    expect(detail(data, 'decodes')).toMatch(/Video stream 0 \(h264\) has \d+ damaged packets/);
  });

  it('finds timestamps that do not rise', async () => {
    const input = await cached('backwards', '.mkv', 1, async (path) => {
      const track = await soundtrack(path, { codec: 'flac' }, { seconds: 2, start: 0, isDefault: true });
      // Two packets of one time: Matroska writes them, and a player stumbles.
      const [, second, third] = track.packets;
      if (second && third) third.pts = third.dts = second.pts;
      writeContainer(path, [track]);
    });
    const data = await validate(input);
    expect(failed(data)).toContain('timestamps');
    expect(detail(data, 'timestamps')).toMatch(
      /Audio stream 0 \(flac\) has 1 decoding timestamps that do not rise/,
    );
  });

  it('writes what it found', async () => {
    const done = await run(await toneWav(), { format: 'audio' });
    expect(await readJson(done)).toEqual(done.report.data);
    expect(done.report.message).toBe('Compliant: all 8 checks passed.');
    const not = await run(await toneWav(), { format: 'video' });
    expect(not.report.message).toBe('Not compliant: kind.');
  });

  it('fails when asked to, with the checks', async () => {
    const params = { format: 'video', fail_on_invalid: true };
    const input = await toneWav();
    const failure = await failJob(
      'validate_format_compliance',
      { input, target: 'c.json', params },
      'not_compliant',
    );
    expect(failure.facts).toEqual(await validate(input, { format: 'video' }));
    expect((await validate(await counterVideo(), params)).compliant).toBe(true);
  });

  it('fails at once on what is no media, and on another format', async () => {
    const input = await textFile();
    await failJob('validate_format_compliance', { input, target: 'c.json' }, 'unsupported_media');
    const params = { format: 'image' };
    await failJob('validate_format_compliance', { input, target: 'c.json', params }, 'invalid_params');
  });
});
