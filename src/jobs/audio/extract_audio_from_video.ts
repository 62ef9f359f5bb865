import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { type AudioStreamFacts, mainAudio, type SourceFacts } from '../../core/facts.ts';
import { bitRate, whole } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import type { Track } from '../../core/plan.ts';
import { audioTrack, holdsSound } from '../planning/audio-encoding.ts';
import { audioReport } from '../planning/audio-report.ts';

/** What people call a format, and the extensions that mean it. */
const FORMATS = {
  mp3: ['.mp3'],
  m4a: ['.m4a'],
  aac: ['.aac', '.m4a'],
  opus: ['.opus', '.ogg'],
  ogg: ['.ogg', '.oga'],
  flac: ['.flac'],
  wav: ['.wav'],
} as const;

type Format = keyof typeof FORMATS;
/** Formats that name one codec although their files hold several. */
const CODECS: Partial<Record<Format, string>> = { aac: 'aac', opus: 'opus' };
const EXTENSIONS = [...new Set(Object.values(FORMATS).flat())];

const params = z.object({
  format: z
    .enum(Object.keys(FORMATS) as [Format, ...Format[]])
    .optional()
    .meta({
      description: "Must agree with the output's extension, which also decides when this is left out.",
    }),
  bitrate: bitRate(
    { min: 6000, max: 10_000_000 },
    {
      description:
        'Bit rate of a lossy format; asks for encoding even where copying would do. Default: 64k to 96k a channel, by codec.',
      examples: ['192k'],
    },
  ).optional(),
  track: z
    .union([
      whole({ min: 0, max: 1000 }),
      z.string().regex(/^[A-Za-z]{2,3}$/, 'must be a language code such as eng'),
    ])
    .optional()
    .meta({
      description:
        'Which sound: its place among the audio tracks, from 0, or its language. Default: the main one.',
      examples: [0, 'eng'],
    }),
});

export default defineJob({
  name: 'extract_audio_from_video',
  title: 'Extract audio',
  description:
    'The sound of a video as a file of its own: copied as it is where the codec fits and no bit rate is asked, else encoded.',
  group: 'audio',
  params,
  input: { kind: 'media', needs: 'audio' },
  output: {
    kind: 'file',
    extensions: ['.mp3', ...EXTENSIONS.filter((extension) => extension !== '.mp3')],
    extensionFor: ({ format }: { format?: Format }) => (format ? FORMATS[format][0] : null),
  },
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/sound.mp3',
    params: { format: 'mp3', bitrate: '192k' },
    result: {
      duration_s: 1.2,
      encoder: 'libmp3lame',
      copied: false,
      sample_rate: 48000,
      channels: 2,
      track: 1,
    },
  },

  plan(source, { format, bitrate, track }, target) {
    if (format && !(FORMATS[format] as readonly string[]).includes(target.extension)) {
      throw new MillError(
        'unsupported_output',
        `"${target.extension}" is no ${format} file. Use ${FORMATS[format].join(' or ')}, or leave format out.`,
      );
    }
    const audio = chooseTrack(source, track);
    // The file may be able to hold more than was asked for: Vorbis in an .ogg that is to be Opus.
    const asked = format === undefined ? null : (CODECS[format] ?? null);
    const fits = holdsSound(target.extension, audio.codec) && (asked === null || asked === audio.codec);
    const made: Track =
      bitrate === undefined && fits
        ? { kind: 'copy', stream: audio.index }
        : audioTrack(audio, target.extension, { bitrate, codec: asked === 'opus' ? 'libopus' : undefined });
    return {
      inputs: [],
      outputs: [
        { kind: 'media', file: target.name, tracks: [made], dropped: [], metadata: 'keep', chapters: 'keep' },
      ],
    };
  },

  report(results, source, { track, bitrate }) {
    const audio = chooseTrack(source, track);
    return audioReport(results, bitrate, audio, { track: audio.index });
  },
});

function chooseTrack(source: SourceFacts, track: number | string | undefined): AudioStreamFacts {
  const tracks = source.streams.filter((stream) => stream.kind === 'audio');
  if (track === undefined) return mainAudio(source) as AudioStreamFacts;
  const found =
    typeof track === 'number'
      ? tracks[track]
      : tracks.find(({ language }) => language !== null && sameLanguage(language, track));
  if (found) return found;
  const there = tracks
    .map((stream, index) => `${index}${stream.language ? ` (${stream.language})` : ''}`)
    .join(', ');
  throw new MillError(
    'invalid_params',
    `"track": there is no audio track ${JSON.stringify(track)}; there are ${there}.`,
  );
}

/** `de`, `deu` and `ger` are one language. */
function sameLanguage(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function canonical(code: string): string {
  try {
    return Intl.getCanonicalLocales(code)[0] ?? code;
  } catch {
    return code.toLowerCase();
  }
}
