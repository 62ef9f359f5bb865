import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { type AudioStreamFacts, mainAudio, type SourceFacts } from '../../core/facts.ts';
import { bitRate } from '../../core/fields.ts';
import { defineJob, type OutputTarget } from '../../core/job.ts';
import type { Loudness, MediaOutput, MediaPlan, OutputResult } from '../../core/plan.ts';
import { AUDIO_EXTENSIONS, audioTrack, coverTracks } from '../planning/audio-encoding.ts';
import { audioReport } from '../planning/audio-report.ts';
import { containerOf, VIDEO_EXTENSIONS } from '../planning/containers.ts';
import { loudnessFilter, type Normalization, refine } from '../planning/normalization.ts';
import { otherTracks } from '../planning/tracks.ts';

const params = z.object({
  target_lufs: z.number().min(-60).max(-5).default(-23).meta({
    description: 'Integrated loudness of the result. EBU R 128: −23; streaming services: −14 to −16.',
    unit: 'LUFS',
  }),
  true_peak_db: z
    .number()
    .min(-9)
    .max(0)
    .default(-1)
    .meta({ description: 'No peak of the result is higher.', unit: 'dBTP' }),
  loudness_range: z
    .number()
    .min(1)
    .max(50)
    .optional()
    .meta({ description: 'Widest range between soft and loud. Default: left as it is.', unit: 'LU' }),
  bitrate: bitRate(
    { min: 6000, max: 10_000_000 },
    {
      description: 'Bit rate of a lossy output. Default: 64k to 96k a channel, by codec.',
      examples: ['192k'],
    },
  ).optional(),
});

/** Differences from what was asked that are not worth a word. */
const PROMISED_LU = 0.2;
const PROMISED_RANGE_LU = 1;

const MARKED = /^(avi|mpeg)/;
const LENGTHS = /^(h264|hevc)$/;

type Params = z.output<typeof params>;

export default defineJob({
  name: 'normalize_audio',
  title: 'Normalize loudness',
  description:
    'Brings sound to a loudness by EBU R 128: measured first, then changed by one gain where the peaks allow it, with a true-peak limiter where they do not. Video is copied.',
  group: 'audio',
  params,
  input: { kind: 'media', needs: 'audio' },
  output: {
    kind: 'file',
    extensions: [...new Set(['.wav', ...AUDIO_EXTENSIONS, ...VIDEO_EXTENSIONS])],
    prefer: 'input',
  },
  example: {
    input_path: '/data/input/podcast.wav',
    output_path: '/data/output/podcast_-16.wav',
    params: { target_lufs: -16 },
    result: {
      duration_s: 4,
      encoder: 'pcm_s16le',
      copied: false,
      sample_rate: 48000,
      channels: 2,
      target_lufs: -16,
      before: { integrated_lufs: -30, range_lu: 0, true_peak_db: -30.002 },
      after: { integrated_lufs: -16, range_lu: 0, true_peak_db: -16.002 },
      gain_db: 14,
      linear: true,
    },
  },

  plan: (source) => measurement(source, null),

  next(results, source, given, target) {
    const history = rounds(results, given);
    const { normalization } = history;
    if (history.wanted === 'trial') return measurement(source, loudnessFilter(normalization));
    if (history.wanted === 'result') return result(source, given, target, normalization);
    return null;
  },

  report(results, source, given, earlier) {
    const after = loudnessOf(results);
    const before = loudnessOf(earlier[0] ?? []);
    const { normalization } = rounds([...earlier, results], given);
    const { gain_db, limit_db, range } = normalization;
    const report = audioReport(results, given.bitrate, mainAudio(source) as AudioStreamFacts, {
      target_lufs: given.target_lufs,
      before,
      after,
      gain_db: gain_db + (range?.gain_db ?? 0),
      linear: limit_db === null && range === null,
    });
    const text = ({ integrated_lufs }: Loudness) => integrated_lufs?.toFixed(1) ?? 'not measurable';
    return {
      ...report,
      message: `${text(before)} → ${text(after)} LUFS`,
      warnings: [...shortcomings(before, after, given), ...(report.warnings ?? [])],
    };
  },
});

/** What was asked for and could not be had. */
function shortcomings(before: Loudness, after: Loudness, asked: Params): string[] {
  if (before.integrated_lufs === null)
    return [
      'The sound is silent, softer than −70 LUFS or shorter than 0.4 s: it has no loudness that could be changed.',
    ];
  const { target_lufs, true_peak_db, loudness_range } = asked;
  const found: string[] = [];
  const { integrated_lufs, true_peak_db: peak, range_lu } = after;
  if (integrated_lufs === null || Math.abs(integrated_lufs - target_lufs) > PROMISED_LU)
    found.push(
      `${target_lufs} LUFS cannot be had with peaks under ${true_peak_db} dBTP; the result has ${integrated_lufs?.toFixed(1) ?? 'less than −70'} LUFS.`,
    );
  if (peak !== null && peak > true_peak_db)
    found.push(`The codec overshoots: the result peaks at ${peak.toFixed(1)} dBTP.`);
  if (loudness_range !== undefined && (range_lu ?? 0) > loudness_range + PROMISED_RANGE_LU)
    found.push(`The range could only be brought to ${range_lu?.toFixed(1)} LU.`);
  return found;
}

/** Loudness of the source, as it is or behind a chain of filters that is on trial. */
function measurement(source: SourceFacts, filter: string | null): MediaPlan {
  const audio = mainAudio(source) as AudioStreamFacts;
  return { inputs: [], outputs: [{ kind: 'loudness', of: { stream: audio.index }, filter }] };
}

/** The file, and its own loudness once it is there. */
function result(
  source: SourceFacts,
  { bitrate }: Params,
  target: OutputTarget,
  normalization: Normalization,
): MediaPlan {
  const audio = mainAudio(source) as AudioStreamFacts;
  const filter = loudnessFilter(normalization) ?? undefined;
  const media =
    VIDEO_EXTENSIONS.includes(target.extension) && containerOf(target.extension).video.length > 0
      ? filmOf(source, audio, target, bitrate, filter)
      : soundOf(source, audio, target, bitrate, filter);
  return { inputs: [], outputs: [media, { kind: 'loudness', of: { file: target.name }, filter: null }] };
}

function soundOf(
  source: SourceFacts,
  audio: AudioStreamFacts,
  target: OutputTarget,
  bitrate: number | undefined,
  filter: string | undefined,
): MediaOutput {
  const cover = coverTracks(source, target.extension);
  const track = audioTrack(audio, target.extension, { bitrate, sample_rate: audio.sample_rate, filter });
  return {
    kind: 'media',
    file: target.name,
    tracks: [track, ...cover.tracks],
    dropped: cover.dropped,
    metadata: 'keep',
    chapters: 'keep',
  };
}

/** Every stream of the film is kept; only the main sound is made anew. */
function filmOf(
  source: SourceFacts,
  audio: AudioStreamFacts,
  target: OutputTarget,
  bitrate: number | undefined,
  filter: string | undefined,
): MediaOutput {
  const { audioEncoder, video } = containerOf(target.extension);
  const films = source.streams.filter((stream) => stream.kind === 'video' && !stream.attached_picture);
  for (const film of films) {
    // AVI wants start codes in H.264 and HEVC, which only AVI and MPEG streams have.
    const marked =
      target.extension !== '.avi' || MARKED.test(source.format.name) || !LENGTHS.test(film.codec ?? '');
    if (marked && (video === 'any' || video.includes(film.codec ?? ''))) continue;
    throw new MillError(
      'unsupported_output',
      `A ${target.extension} file cannot hold ${film.codec} video, and the video is copied. Choose another extension.`,
    );
  }
  const own = new Set([audio.index, ...films.map((film) => film.index)]);
  const others = otherTracks(source, own, target.extension);
  return {
    kind: 'media',
    file: target.name,
    tracks: [
      ...films.map((film) => ({
        kind: 'copy' as const,
        stream: film.index,
        ...(film.codec === 'hevc' &&
          target.extension !== '.mkv' &&
          target.extension !== '.ts' && { tag: 'hvc1' }),
      })),
      {
        kind: 'audio',
        stream: audio.index,
        encoder: audioEncoder,
        options: {},
        sample_rate: audio.sample_rate,
        channels: null,
        bit_rate: bitrate ?? 96_000 * audio.channels,
        sample_format: null,
        ...(filter !== undefined && { filter }),
      },
      ...others.tracks,
    ],
    dropped: others.dropped,
    metadata: 'keep',
    chapters: 'keep',
  };
}

function loudnessOf(results: OutputResult[]): Loudness {
  const measured = results.find((made) => made.kind === 'loudness');
  if (measured?.kind !== 'loudness') throw new TypeError('The plan measured nothing.');
  const { integrated_lufs, range_lu, true_peak_db } = measured;
  return { integrated_lufs, range_lu, true_peak_db };
}

/** What the rounds so far say is to be done next: refine the filters, make the file, or stop. */
function rounds(
  results: OutputResult[][],
  { target_lufs, true_peak_db, loudness_range }: Params,
): { wanted: 'trial' | 'result' | 'done'; normalization: Normalization } {
  return refine(
    results.map((made) => ({
      loudness: loudnessOf(made),
      file: made.some((output) => output.kind === 'media'),
    })),
    { target_lufs, true_peak_db, loudness_range: loudness_range ?? null },
  );
}
