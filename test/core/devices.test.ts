import { describe, expect, it } from 'vitest';
import { deviceKindOf, restrictDevices } from '../../src/core/devices.ts';
import type { MediaPlan, VideoTrack } from '../../src/core/plan.ts';

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
