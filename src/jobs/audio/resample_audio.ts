import { z } from 'zod';
import { type AudioStreamFacts, mainAudio } from '../../core/facts.ts';
import { bitRate, whole } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import { AUDIO_EXTENSIONS, audioTrack, BIT_DEPTHS, coverTracks } from '../planning/audio-encoding.ts';
import { audioReport } from '../planning/audio-report.ts';

const params = z.object({
  sample_rate: whole({ min: 1000, max: 768_000 }, { description: 'Samples a second.', unit: 'Hz' }).default(
    44_100,
  ),
  channels: whole(
    { min: 1, max: 8 },
    { description: 'Channels to mix to. Default: those of the source.' },
  ).optional(),
  codec: z
    .string()
    .regex(/^[a-z0-9_]{2,32}$/, 'must be the name of an FFmpeg audio encoder')
    .optional()
    .meta({
      description: "FFmpeg's name of the audio encoder. Default: what suits the output's extension.",
      examples: ['libmp3lame', 'pcm_s24le'],
      group: 'advanced',
    }),
  bitrate: bitRate(
    { min: 6000, max: 10_000_000 },
    {
      description: 'Bit rate of a lossy codec. Default: 64k to 96k a channel, by codec.',
      examples: ['192k'],
    },
  ).optional(),
  bit_depth: z
    .literal(BIT_DEPTHS)
    .optional()
    .meta({ description: 'Bits a sample of a lossless codec. Default: as the source.', unit: 'bits' }),
});

export default defineJob({
  name: 'resample_audio',
  title: 'Resample audio',
  description:
    'Changes the sample rate of sound, and if asked its channels, codec or bit depth. The container follows the output name; tags, chapters and cover are kept.',
  group: 'audio',
  params,
  input: { kind: 'media', needs: 'audio' },
  output: {
    kind: 'file',
    extensions: ['.wav', ...AUDIO_EXTENSIONS.filter((extension) => extension !== '.wav')],
    prefer: 'input',
  },
  example: {
    input_path: '/data/input/audio.wav',
    output_path: '/data/output/audio_44100.wav',
    params: { sample_rate: 44_100 },
    result: { duration_s: 3, encoder: 'pcm_s16le', copied: false, sample_rate: 44100, channels: 2 },
  },

  plan(source, wishes, target) {
    const audio = mainAudio(source) as AudioStreamFacts;
    const cover = coverTracks(source, target.extension);
    return {
      inputs: [],
      outputs: [
        {
          kind: 'media',
          file: target.name,
          tracks: [audioTrack(audio, target.extension, wishes), ...cover.tracks],
          dropped: cover.dropped,
          metadata: 'keep',
          chapters: 'keep',
        },
      ],
    };
  },

  report: (results, source, { bitrate }) =>
    audioReport(results, bitrate, mainAudio(source) as AudioStreamFacts),
});
