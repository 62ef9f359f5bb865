import { describe, expect, it } from 'vitest';
import { MillError } from '../../../src/core/errors.ts';
import { decodeAudio, packets, streamsOf } from '../../decode/index.ts';
import { counterVideo, flipBits, truncate, type VideoOptions } from '../../fixtures/media/index.ts';
import { failJob, runJob } from '../harness.ts';
import { expectLevels, levelsOf, soundMd5 } from './sounds.ts';

const extract = (input: string, target: string, params: Record<string, unknown> = {}) =>
  runJob('extract_audio_from_video', { input, target, params });

const film = (options: VideoOptions = {}) =>
  counterVideo({ frames: 50, audio: [{ codec: 'aac', tones: [{ freq: 700 }] }], ...options });

const twoTracks = (container: VideoOptions['container'] = 'mp4') =>
  film({
    container,
    audio: [
      { codec: 'aac', language: 'eng', tones: [{ freq: 500 }] },
      { codec: 'aac', language: 'deu', tones: [{ freq: 900 }] },
    ],
  });

describe('extract_audio_from_video', () => {
  it.each([
    ['aac', 'm4a'],
    ['mp3', 'mp3'],
    ['opus', 'opus'],
    ['opus', 'ogg'],
    ['vorbis', 'ogg'],
    ['vorbis', 'oga'],
    ['flac', 'flac'],
    ['flac', 'ogg'],
    ['pcm', 'wav'],
  ] as const)('copies %s into .%s bit for bit', async (codec, extension) => {
    const input = await film({ container: 'mkv', audio: [{ codec }] });
    const { output, report } = await extract(input, `out.${extension}`);
    expect(report.data).toMatchObject({
      copied: true,
      encoder: 'copy',
      sample_rate: 48000,
      channels: 2,
      track: 1,
    });
    expect(streamsOf(output).streams.map(({ kind }) => kind)).toEqual(['audio']);
    // PCM may be cut into other packets; its bytes are the same.
    const bytes = async (path: string) => (await packets(path)).find(({ kind }) => kind === 'audio')?.md5;
    if (codec === 'pcm')
      expect((await sound(output)).slice(0, 90_000)).toEqual((await sound(input)).slice(0, 90_000));
    else expect(await bytes(output)).toBe(await bytes(input));
  });

  it('copies AAC from MPEG-TS into .m4a and from .mp4 into .aac, without the headers of the one', async () => {
    const bare = async (path: string) =>
      (await packets(path)).find(({ kind }) => kind === 'audio')?.packets.map(({ size }) => size) ?? [];
    const ts = await film({ container: 'ts' });
    const m4a = await extract(ts, 'out.m4a');
    expect(m4a.report.data.copied).toBe(true);
    expect(await bare(m4a.output)).toEqual((await bare(ts)).map((size) => size - 7));
    const mp4 = await film();
    const aac = await extract(mp4, 'out.aac');
    expect(aac.report.data.copied).toBe(true);
    expect(await bare(aac.output)).toEqual((await bare(mp4)).map((size) => size + 7));
    expectLevels(await levelsOf(aac.output, [700]), [[-12, -12]]);
  });

  it.each([
    [undefined, 'mp3', 'mp3'],
    [undefined, 'opus', 'opus'],
    [undefined, 'ogg', 'vorbis'],
    [undefined, 'oga', 'vorbis'],
    [undefined, 'flac', 'flac'],
    [undefined, 'wav', 'pcm_s16le'],
    ['mp3', 'mp3', 'mp3'],
    ['m4a', 'm4a', 'aac'],
    ['aac', 'aac', 'aac'],
    ['aac', 'm4a', 'aac'],
    ['opus', 'opus', 'opus'],
    ['opus', 'ogg', 'opus'],
    ['ogg', 'ogg', 'vorbis'],
    ['ogg', 'oga', 'vorbis'],
    ['flac', 'flac', 'flac'],
    ['wav', 'wav', 'pcm_s16le'],
  ])('makes format %s as .%s', async (format, extension, codec) => {
    const { output, report } = await extract(await film(), `out.${extension}`, format ? { format } : {});
    expect(streamsOf(output).streams[0]?.codec).toBe(codec);
    expect(report.data.copied).toBe(codec === 'aac');
    const { duration_s } = await decodeAudio(output);
    expect(Math.abs(duration_s - 2)).toBeLessThan(extension === 'aac' ? 0.05 : 0.01);
    expectLevels(await levelsOf(output, [700]), [[-12, -12]], 0.15);
  });

  it.each([
    ['mp3', 'wav'],
    ['wav', 'mp3'],
    ['opus', 'mp3'],
    ['aac', 'mp3'],
    ['flac', 'ogg'],
    ['ogg', 'opus'],
    ['m4a', 'aac'],
  ])('refuses format %s as .%s', async (format, extension) => {
    const request = { input: await film(), target: `out.${extension}`, params: { format } };
    const { detail } = await failJob('extract_audio_from_video', request, 'unsupported_output');
    expect(detail).toContain(`".${extension}" is no ${format} file`);
  });

  it('encodes when a bit rate is asked, or when the file holds another codec than the one that was named', async () => {
    const { output, report } = await extract(await film(), 'out.m4a', { bitrate: '64k' });
    expect(report.data).toMatchObject({ copied: false, encoder: 'aac' });
    const [made] = await packets(output);
    expect(Math.abs(((made?.bytes ?? 0) * 8) / 2 - 64_000)).toBeLessThan(8000);
    const vorbis = await film({ container: 'mkv', audio: [{ codec: 'vorbis' }] });
    const opus = await extract(vorbis, 'out.ogg', { format: 'opus' });
    expect(opus.report.data).toMatchObject({ copied: false, encoder: 'libopus' });
    const wav = await extract(await film(), 'out.wav', { bitrate: '64k' });
    expect(wav.report.warnings).toEqual(['The bit rate has no effect: pcm_s16le is lossless.']);
  });

  it.each([
    [0, 500],
    [1, 900],
    ['eng', 500],
    ['deu', 900],
    ['DEU', 900],
    ['ger', 900],
    ['de', 900],
    ['en', 500],
    [undefined, 500],
  ])('takes track %s', async (track, freq) => {
    const params = track === undefined ? {} : { track };
    const { output, report } = await extract(await twoTracks(), 'out.m4a', params);
    expect(report.data).toMatchObject({ copied: true, track: freq === 500 ? 1 : 2 });
    expectLevels(
      await levelsOf(output, [freq, 1400 - freq]),
      [
        [-12, -12],
        [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
      ],
      0.15,
    );
  });

  it.each([2, 'fra', 'xx', -1, 1.5, 'english'])('refuses track %s', async (track) => {
    const request = { input: await twoTracks(), target: 'out.m4a', params: { track } };
    const { detail } = await failJob('extract_audio_from_video', request, 'invalid_params');
    if (track === 2 || track === 'fra') expect(detail).toContain('there are 0 (eng), 1 (deu)');
  });

  it('keeps tags and language', async () => {
    const input = await counterVideo({
      frames: 25,
      metadata: { title: 'Film' },
      audio: [{ codec: 'aac', language: 'eng' }],
    });
    for (const target of ['out.m4a', 'out.mp3', 'out.flac'])
      expect(streamsOf((await extract(input, target)).output).tags.title).toBe('Film');
    expect(streamsOf((await extract(input, 'out.m4a')).output).streams[0]?.language).toBe('eng');
  });

  it.each([
    ['mp4', {}],
    ['mov', { container: 'mov' }],
    ['mkv', { container: 'mkv' }],
    ['webm', { container: 'webm', codec: 'vp8', audio: [{ codec: 'opus', tones: [{ freq: 700 }] }] }],
    ['ts', { container: 'ts' }],
    ['avi', { container: 'avi', codec: 'mpeg4', audio: [{ codec: 'mp3', tones: [{ freq: 700 }] }] }],
    ['flv', { container: 'flv' }],
    ['a fragmented mp4', { layout: 'fragmented' }],
    ['a late start', { container: 'mkv', start: 1 }],
  ] as [string, VideoOptions][])('takes the sound of %s whole', async (_name, options) => {
    const { output } = await extract(await film(options), 'out.wav');
    const { duration_s, start_s } = await decodeAudio(output);
    expect(start_s).toBe(0);
    // An encoder's silence in front counts where the container cannot say that it is none.
    expect(Math.abs(duration_s - 2)).toBeLessThan(0.045);
    const lame = options.codec === 'mpeg4' ? 0.5 : 0.15;
    expectLevels(await levelsOf(output, [700]), [[-12, -12]], lame);
  });

  it('takes what an edit list shows', async () => {
    const { output } = await extract(await film({ editList: { startS: 0.5, endS: 1.5 } }), 'out.wav');
    expect((await decodeAudio(output)).duration_s).toBeCloseTo(1, 2);
  });

  it.each([0.3, 0.7, 0.95])('never takes %f of a file for the whole', async (share) => {
    const clips: VideoOptions[] = [
      {},
      { container: 'mkv' },
      { container: 'webm', codec: 'vp8', audio: [{ codec: 'opus' }] },
      { container: 'avi', codec: 'mpeg4', audio: [{ codec: 'mp3' }] },
      { container: 'flv' },
      { container: 'ts' },
    ];
    for (const options of clips) {
      const input = await truncate(await film(options), share);
      const done = await extract(input, 'out.wav').catch((error: MillError) => error);
      // FLV does not say how long it is to the byte: what ends in the middle of a tag is worth a warning.
      if (done instanceof MillError) expect(done.code).toBe('output_verification_failed');
      else
        expect([options.container, done.report.warnings.join()]).toEqual([
          'flv',
          expect.stringMatching(/cut short/),
        ]);
    }
  });

  it('passes over damage and says so', async () => {
    const input = await flipBits(await film({ container: 'mkv' }), 2, 60, { from: 0.3, to: 0.9 });
    const { report, output } = await extract(input, 'out.wav');
    expect(report.warnings.join()).toMatch(/damaged packets or frames were passed over/);
    expect((await decodeAudio(output)).duration_s).toBeGreaterThan(1);
  });

  it('refuses a video without sound', async () => {
    const request = { input: await counterVideo(), target: 'out.mp3' };
    await failJob('extract_audio_from_video', request, 'no_audio_stream');
    expect(await soundMd5(request.input)).toEqual([]);
  });
});

async function sound(path: string): Promise<Float32Array> {
  return (await decodeAudio(path)).samples[0] as Float32Array;
}
