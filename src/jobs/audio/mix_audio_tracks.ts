import { z } from 'zod';
import { bitRate, inputPath, whole } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import type { MixOutput, OutputResult } from '../../core/plan.ts';
import { AUDIO_EXTENSIONS, audioEncoding } from '../planning/audio-encoding.ts';
import { uselessBitRate } from '../planning/audio-report.ts';
import { secondsText } from '../planning/describe.ts';

/** Where a normalised sum peaks, in dBFS. */
const NORMALIZED_PEAK_DB = -1;

const voice = z.strictObject({
  path: inputPath({ description: 'The file to mix.' }),
  gain_db: z
    .number()
    .min(-120)
    .max(60)
    .default(0)
    .meta({ description: 'How much louder or softer it is.', unit: 'dB' }),
  delay_ms: whole(
    { min: 0, max: 86_400_000 },
    { description: 'When it begins, after the start of the mix.', unit: 'ms' },
  ).default(0),
  pan: z
    .number()
    .min(-1)
    .max(1)
    .default(0)
    .meta({ description: '−1 is left, 0 leaves it as it is, 1 is right.' }),
});

const params = z.object({
  input_files: z
    .array(z.union([inputPath(), voice]))
    .min(2)
    .max(64)
    .meta({
      description: 'The files to mix: paths, or objects with gain, delay and pan.',
      examples: [['/data/input/voice.wav', { path: '/data/input/music.mp3', gain_db: -12 }]],
    }),
  duration: z
    .enum(['longest', 'shortest', 'first'])
    .default('longest')
    .meta({ description: 'Which of the files ends the mix; those that end before are followed by silence.' }),
  normalize: z
    .boolean()
    .default(false)
    .meta({
      description: `Bring the peak of the sum to ${NORMALIZED_PEAK_DB} dBFS, so that it neither clips nor is too soft.`,
    }),
  sample_rate: whole(
    { min: 1000, max: 768_000 },
    { description: 'Samples a second. Default: the highest of the files.', unit: 'Hz', group: 'advanced' },
  ).optional(),
  channels: whole(
    { min: 1, max: 8 },
    { description: 'Channels. Default: the most of the files.', group: 'advanced' },
  ).optional(),
  bitrate: bitRate(
    { min: 6000, max: 10_000_000 },
    {
      description: 'Bit rate of a lossy output. Default: 64k to 96k a channel, by codec.',
      examples: ['192k'],
    },
  ).optional(),
});

type Params = z.output<typeof params>;

export default defineJob({
  name: 'mix_audio_tracks',
  title: 'Mix audio',
  description: 'The sum of several sounds, sample by sample, at a common rate and layout.',
  group: 'audio',
  params,
  input: { kind: 'none' },
  output: {
    kind: 'file',
    extensions: ['.wav', ...AUDIO_EXTENSIONS.filter((extension) => extension !== '.wav')],
  },
  example: {
    output_path: '/data/output/mix.wav',
    params: { input_files: ['/data/input/voice.wav', '/data/input/music.mp3'] },
    result: { duration_s: 2, sample_rate: 48000, channels: 2, peak_db: -6.197, inputs: 2 },
  },

  source: ({ input_files }) => pathOf(input_files[0] as Params['input_files'][number]),

  plan: (_source, given, target) => ({
    inputs: given.input_files.map(pathOf),
    // The peak of the sum is known only when it has been made once.
    outputs: [mixOf(given, target.extension, given.normalize ? null : target.name, 0)],
  }),

  next(results, _source, given, target) {
    if (!given.normalize || results.length > 1) return null;
    const peak = peakOf(results[0] ?? []);
    const gain = peak === null ? 0 : NORMALIZED_PEAK_DB - peak;
    return {
      inputs: given.input_files.map(pathOf),
      outputs: [mixOf(given, target.extension, target.name, gain)],
    };
  },

  report(results, _source, { input_files, bitrate }) {
    const [made] = results;
    if (made?.kind !== 'mix') throw new TypeError('The plan made no mix.');
    const { duration_s, sample_rate, channels, encoder, peak_db, warnings } = made;
    return {
      message: `${input_files.length} files, ${secondsText(duration_s)}, peak ${peak_db === null ? 'silent' : `${peak_db.toFixed(1)} dBFS`}`,
      data: { duration_s, sample_rate, channels, peak_db, inputs: input_files.length },
      warnings: [...warnings, ...uselessBitRate(encoder, bitrate)],
    };
  },
});

function pathOf(file: Params['input_files'][number]): string {
  return typeof file === 'string' ? file : file.path;
}

function peakOf(results: OutputResult[]): number | null {
  const [made] = results;
  return made?.kind === 'mix' ? made.peak_db : null;
}

function mixOf(
  { input_files, duration, sample_rate, channels, bitrate }: Params,
  extension: string,
  file: string | null,
  gain: number,
): MixOutput {
  const { encoder, options, bit_rate } = audioEncoding(
    extension,
    { bitrate },
    { channels: channels ?? 2, depth: 16, float: false },
  );
  return {
    kind: 'mix',
    file,
    inputs: input_files.map((input, index) =>
      typeof input === 'string'
        ? { input: index, gain_db: 0, delay_ms: 0, pan: 0 }
        : { input: index, gain_db: input.gain_db, delay_ms: input.delay_ms, pan: input.pan },
    ),
    duration,
    encoder,
    options,
    bit_rate,
    sample_rate: sample_rate ?? null,
    channels: channels ?? null,
    gain_db: gain,
  };
}
