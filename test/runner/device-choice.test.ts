/** Which devices a job may try, by the params a person gives and the test encodes of some machine. */
import { describe, expect, it } from 'vitest';
import { encodersTried } from '../../src/jobs/planning/video-encoding.ts';
import transcode from '../../src/jobs/video/transcode_h264_to_h265.ts';
import { chooseDevices, type EncoderTrial, judgeByTrials } from '../../src/runner/device-choice.ts';

const NO_CUDA = 'Operation not permitted (Cannot load libcuda.so.1).';
const trial = (name: string, works: boolean, reason: string | null = null): EncoderTrial => ({
  name,
  works,
  reason,
});

/** A machine whose encoders are those of the given names; the rest was tried and does not work. */
const machine = (...working: string[]): EncoderTrial[] => [
  trial('libx265', true),
  ...['nvenc', 'qsv', 'videotoolbox', 'amf', 'vaapi'].flatMap((kind) =>
    ['h264', 'hevc', 'av1'].map((codec) => {
      const name = `${codec}_${kind}`;
      return working.includes(name) ? trial(name, true) : trial(name, false, NO_CUDA);
    }),
  ),
];

function choose(params: Record<string, unknown>, trials: EncoderTrial[] | null) {
  const encoders = encodersTried(transcode.params.parse(params));
  return chooseDevices(encoders, judgeByTrials(trials));
}

describe('no hardware asked for', () => {
  it.each([{}, { codec: 'libx264' }, { codec: 'mpeg4', hardware: 'off' }])('%j wants no device', (params) => {
    expect(choose(params, machine('hevc_nvenc'))).toBeNull();
  });
});

describe('hardware: auto', () => {
  it('takes those that work, in the order of preference', () => {
    const choice = choose({ hardware: 'auto' }, machine('hevc_vaapi', 'hevc_qsv', 'hevc_nvenc'));
    expect(choice).toEqual({
      kinds: ['nvenc', 'qsv', 'vaapi'],
      software: 'libx265',
      asked: null,
      reason: null,
    });
  });

  it('looks at the encoder of the codec that is made: an old card may lack it', () => {
    const old = machine('h264_nvenc', 'hevc_nvenc', 'av1_qsv');
    expect(choose({ hardware: 'auto', codec: 'libsvtav1' }, old)).toMatchObject({
      kinds: ['qsv'],
      software: 'libsvtav1',
    });
  });

  it('tries none that does not work, nor one that nobody has tried', () => {
    for (const trials of [machine(), machine('h264_nvenc'), [], null])
      expect(choose({ hardware: 'auto' }, trials)).toMatchObject({ kinds: [], software: 'libx265' });
  });
});

describe.each([
  [{ hardware: 'nvenc' }, 'hevc_nvenc', 'libx265'],
  [{ hardware: 'nvenc', codec: 'libx264' }, 'h264_nvenc', 'libx264'],
  [{ codec: 'av1_nvenc' }, 'av1_nvenc', 'libsvtav1'],
])('%j', (params, asked, standIn) => {
  it('insists on it', () => {
    expect(choose(params, machine(asked))).toEqual({
      kinds: ['nvenc'],
      software: null,
      asked,
      reason: null,
    });
  });

  it('has nothing where it does not work, and knows why', () => {
    expect(choose(params, machine('hevc_qsv', 'h264_qsv'))).toEqual({
      kinds: [],
      software: null,
      asked,
      reason: 'Operation not permitted (Cannot load libcuda.so.1)',
    });
  });

  it('with a fallback has its stand-in', () => {
    const allowed = { ...params, hardware_fallback: true };
    expect(choose(allowed, machine(asked))).toMatchObject({ kinds: ['nvenc'], software: standIn });
    expect(choose(allowed, machine())).toMatchObject({ kinds: [], software: standIn, asked });
  });

  it('is tried when nobody could find out', () => {
    expect(choose(params, null)).toMatchObject({ kinds: ['nvenc'], reason: null });
  });
});

describe('an encoder that has no test encode', () => {
  it('is worth a try where its device works', () => {
    expect(choose({ codec: 'mjpeg_qsv' }, machine('h264_qsv'))).toMatchObject({ kinds: ['qsv'] });
    expect(choose({ codec: 'hevc_vulkan' }, machine())).toMatchObject({ kinds: ['vulkan'] });
  });

  it('is not where nothing of its kind does', () => {
    expect(choose({ codec: 'mjpeg_qsv' }, machine('h264_nvenc'))).toMatchObject({
      kinds: [],
      reason: NO_CUDA.slice(0, -1),
    });
  });
});
