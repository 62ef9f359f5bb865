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
  target_lufs: z.number().min(-70).max(-5).default(-23).meta({
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
    { description: 'Bit rate of a lossy output.', examples: ['192k'] },
  ).optional(),
});

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
    const report = audioReport(results, {
      target_lufs: given.target_lufs,
      before,
      after,
      gain_db: normalization.gain_db,
      linear: normalization.limit_db === null && normalization.range === null,
    });
    const text = (loudness: Loudness) =>
      loudness.integrated_lufs === null ? 'silence' : `${loudness.integrated_lufs.toFixed(1)}`;
    const audio = mainAudio(source) as AudioStreamFacts;
    const silent =
      before.integrated_lufs === null
        ? [`Stream ${audio.index} is silent; there is nothing to normalize.`]
        : [];
    return {
      ...report,
      message: `${text(before)} → ${text(after)} LUFS`,
      warnings: [...silent, ...(report.warnings ?? [])],
    };
  },
});

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
    if (video === 'any' || video.includes(film.codec ?? '')) continue;
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
  return measured;
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
