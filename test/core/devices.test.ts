import { describe, expect, it } from 'vitest';
import { decodedOn, deviceKindOf, restrictDevices } from '../../src/core/devices.ts';
import type { SourceFacts, StreamFacts } from '../../src/core/facts.ts';
import { describePlan } from '../../src/core/job-plan.ts';
import type { MediaPlan, PlannedOutput, VideoTrack } from '../../src/core/plan.ts';

const track = (...encoders: string[]): VideoTrack => {
  const [first, ...fallback] = encoders.map((encoder) => ({ encoder, options: { made_for: encoder } }));
  return {
    kind: 'video',
    stream: 0,
    size: null,
    pixel_format: 'source',
    tag: 'hvc1',
    ...(first as { encoder: string; options: Record<string, string> }),
    fallback,
  };
};

const plan = (...tracks: VideoTrack[]): MediaPlan => ({
  inputs: ['mark.png'],
  outputs: [
    {
      kind: 'media',
      file: 'out.mp4',
      tracks: [...tracks, { kind: 'copy', stream: 1 }],
      dropped: [],
      metadata: 'keep',
      chapters: 'keep',
    },
    { kind: 'facts', scan: 'header', stream: null },
  ],
});

it.each([
  ['hevc_nvenc', 'nvenc'],
  ['h264_v4l2m2m', 'v4l2m2m'],
  ['libx265', null],
  ['prores_ks', null],
])('%s needs %s', (encoder, kind) => expect(deviceKindOf(encoder)).toBe(kind));

describe('a plan', () => {
  it('keeps encoders in software and those of the devices it may use, with their own options', () => {
    const given = plan(track('hevc_nvenc', 'hevc_qsv', 'hevc_vaapi', 'libx265'));
    expect(restrictDevices(given, ['qsv'])).toEqual(plan(track('hevc_qsv', 'libx265')));
    expect(restrictDevices(given, [])).toEqual(plan(track('libx265')));
    expect(restrictDevices(given, ['nvenc', 'qsv', 'vaapi'])).toEqual(given);
  });

  it('without hardware is the same', () => {
    const given = plan(track('libx264'));
    expect(restrictDevices(given, [])).toEqual(given);
  });

  it('fails when it has no other encoder', () => {
    const given = plan(track('libx264'), track('hevc_nvenc'));
    expect(() => restrictDevices(given, ['qsv'])).toThrow(
      expect.objectContaining({ code: 'encoder_unavailable', facts: { encoder: 'hevc_nvenc' } }),
    );
  });
});

describe('what is decoded on the device that encodes it', () => {
  const video = (other: Record<string, unknown> = {}) =>
    ({
      kind: 'video',
      index: 0,
      codec: 'h264',
      pixel_format: 'yuv420p',
      width: 1920,
      height: 1080,
      avg_frame_rate: { value: 25 },
      real_frame_rate: { value: 25 },
      ...other,
    }) as unknown as StreamFacts;
  const made = (...tracks: VideoTrack[]) => plan(...tracks).outputs;
  const nvenc = made(track('hevc_nvenc', 'libx265'));

  it('is the stream that its encoder takes', () => {
    expect(decodedOn(video(), nvenc, ['nvenc'])).toBe('nvenc');
    expect(decodedOn(video({ codec: 'hevc', pixel_format: 'yuvj420p' }), nvenc, ['nvenc'])).toBe('nvenc');
    expect(decodedOn(video({ width: 720, height: 1280 }), nvenc, ['nvenc'])).toBe('nvenc');
    expect(decodedOn(video(), made(track('hevc_nvenc'), track('h264_nvenc')), ['nvenc'])).toBe('nvenc');
  });

  it.each([
    ['no device was granted', video(), nvenc, []],
    ['another one was', video(), nvenc, ['vaapi']],
    ['it is encoded in software', video(), made(track('libx265')), ['nvenc']],
    ['it is small', video({ width: 854, height: 480 }), nvenc, ['nvenc']],
    ['it is of an old codec', video({ codec: 'mpeg2video' }), nvenc, ['nvenc']],
    ['no trial shows that it comes out right', video({ pixel_format: 'yuv420p10le' }), nvenc, ['nvenc']],
    ['it is not the stream that is encoded', video({ index: 1 }), nvenc, ['nvenc']],
    ['software takes it, too', video(), made(track('hevc_nvenc'), track('libx264')), ['nvenc']],
    ['two devices take it', video(), made(track('hevc_nvenc'), track('hevc_qsv')), ['nvenc', 'qsv']],
    ['others look at its pictures', video(), [...nvenc, scenes()], ['nvenc']],
    ['there is no such stream', undefined, nvenc, ['nvenc']],
  ] as const)('is nothing where %s', (_, stream, outputs, granted) => {
    expect(decodedOn(stream, outputs, granted)).toBeNull();
  });

  it('is told', () => {
    const facts = { streams: [video()], format: {}, name: 'a.mp4' } as unknown as SourceFacts;
    const told = (device?: 'nvenc') =>
      describePlan(facts, [plan(track('hevc_nvenc'))], device).steps.map(({ kind, detail }) => [
        kind,
        detail,
      ]);
    expect(told()).toEqual([
      ['video', 'made_for hevc_nvenc'],
      ['copy', null],
      ['facts', null],
    ]);
    expect(told('nvenc')[0]).toEqual(['video', 'made_for hevc_nvenc, decoded on nvdec']);
  });
});

function scenes(): PlannedOutput {
  return { kind: 'scenes', stream: 0, threshold: 0.3, min_scene_s: 0 };
}
