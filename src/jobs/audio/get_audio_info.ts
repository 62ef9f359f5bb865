import { z } from 'zod';
import { type AudioStreamFacts, mainAudio, type SourceFacts } from '../../core/facts.ts';
import { defineJob } from '../../core/job.ts';
import type { Loudness } from '../../core/plan.ts';
import { plural } from '../../core/plural.ts';
import { audioSummary, durationOf, secondsText } from '../planning/describe.ts';

export default defineJob({
  name: 'get_audio_info',
  title: 'Audio info',
  description:
    'Container, duration, codec, sample rate, channels, bit depth, bit rate, tags and cover of a sound file or of the sound of a video.',
  group: 'audio',
  params: z.object({
    loudness: z.boolean().default(false).meta({
      description:
        'Also measure integrated loudness, range and true peak (EBU R 128), which decodes the whole file.',
    }),
  }),
  input: { kind: 'media', needs: 'audio' },
  output: { kind: 'file', extensions: ['.json'] },
  example: {
    input_path: '/data/input/audio.mp3',
    output_path: '/data/output/audio_info.json',
    params: {},
    result: {
      container: 'mp3',
      container_name: 'MP2/3 (MPEG audio layer 2/3)',
      size_bytes: 33945,
      duration_s: 2,
      codec: 'mp3',
      codec_name: 'MP3 (MPEG audio layer 3)',
      profile: null,
      sample_rate: 48000,
      channels: 2,
      channel_layout: 'stereo',
      sample_format: 'fltp',
      bit_depth: null,
      bit_rate: 128000,
      tags: {
        encoder: 'Lavf62.19.101',
        title: 'A tone',
        artist: 'Media Mill',
        album: 'Fixtures',
        track: '1/2',
        date: '2024',
      },
      cover: { codec: 'mjpeg', width: 64, height: 64 },
      tracks: [
        {
          index: 0,
          codec: 'mp3',
          profile: null,
          sample_rate: 48000,
          channels: 2,
          channel_layout: 'stereo',
          bit_depth: null,
          bit_rate: 128000,
          duration_s: 2,
          language: null,
          title: null,
          default: false,
        },
      ],
      chapters: [],
    },
  },

  plan: (source, { loudness }) => ({
    inputs: [],
    outputs: [
      loudness
        ? { kind: 'loudness', of: { stream: (mainAudio(source) as AudioStreamFacts).index }, filter: null }
        : { kind: 'facts', scan: 'header', stream: null },
    ],
  }),

  report([made], source) {
    const audio = mainAudio(source) as AudioStreamFacts;
    const data = {
      ...describeAudio(source, audio),
      ...(made?.kind === 'loudness' && { loudness: loudnessFacts(made) }),
    };
    const layout = audio.channel_layout ?? plural(audio.channels, 'channel');
    return {
      message: `${audio.codec}, ${audio.sample_rate} Hz, ${layout}, ${secondsText(data.duration_s)}`,
      data,
      document: data,
      warnings: made?.warnings ?? [],
    };
  },
});

/** The file holds this sound and, apart from covers, nothing else: its bit rate is that of the sound. */
function isAlone({ streams }: SourceFacts, audio: AudioStreamFacts): boolean {
  return streams.every(
    (stream) => stream.index === audio.index || (stream.kind === 'video' && stream.attached_picture),
  );
}

function loudnessFacts({ integrated_lufs, range_lu, true_peak_db }: Loudness) {
  return { integrated_lufs, range_lu, true_peak_db };
}

function describeAudio(source: SourceFacts, audio: AudioStreamFacts) {
  const { format } = source;
  const cover = source.streams.find((stream) => stream.kind === 'video' && stream.attached_picture);
  return {
    container: format.name,
    container_name: format.long_name,
    size_bytes: source.size_bytes,
    duration_s: audio.duration_s ?? durationOf(source),
    codec: audio.codec,
    codec_name: audio.codec_long_name,
    profile: audio.profile,
    sample_rate: audio.sample_rate,
    channels: audio.channels,
    channel_layout: audio.channel_layout,
    sample_format: audio.sample_format,
    bit_depth: audio.bit_depth,
    bit_rate: audio.bit_rate ?? (isAlone(source, audio) ? format.bit_rate : null),
    tags: { ...audio.tags, ...format.tags },
    cover: cover?.kind === 'video' ? { codec: cover.codec, width: cover.width, height: cover.height } : null,
    tracks: source.streams.filter((stream) => stream.kind === 'audio').map(audioSummary),
    chapters: source.chapters,
  };
}
