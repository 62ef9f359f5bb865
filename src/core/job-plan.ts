/** How a job is done, in words and numbers for people: what is read, what is decoded and what is made. */
import { type DeviceKind, decodedOn, decoderName } from './devices.ts';
import type { SourceFacts } from './facts.ts';
import type { MediaPlan, PlannedOutput, Track } from './plan.ts';
import { type MediaKind, mediaKind } from './playability.ts';
import { lengthOf, summarize } from './suggestions/summary.ts';

export interface JobPlan {
  /** What the source is; null for tasks on bytes. */
  source_kind: MediaKind | 'other' | null;
  /** The source in one line, such as `1:05 · H.264 1920×1080 · 25 fps · AAC stereo`. */
  source: string | null;
  /** Seconds of the source; null when unknown. */
  duration_s: number | null;
  reads: Reading;
  /** One for each thing that is made or found. */
  steps: PlanStep[];
}

export interface PlanStep {
  /** Such as `video`, `audio`, `copy`, `images`, `loudness`. */
  kind: string;
  /** Number of the stream in the source; null for what is not about one. */
  stream: number | null;
  /** Codec of that stream. */
  from: string | null;
  /** Encoder, format, or what is found. */
  to: string | null;
  /** Further words, such as `1280×720, crf 23`. */
  detail: string | null;
}

/** How much of the source is touched, from the least to the most; `file` for tasks on bytes. */
export const READINGS = ['file', 'header', 'packets', 'seek', 'decode'] as const;
export type Reading = (typeof READINGS)[number];

/** Of a task that does not plan media. */
export const PLAIN_PLAN: JobPlan = Object.freeze({
  source_kind: null,
  source: null,
  duration_s: null,
  reads: 'file',
  steps: [],
});

/**
 * `plans` are those made so far, for jobs that go over the source more than once; `decodeOn` is the device that also
 * decodes what its encoders take.
 */
export function describePlan(
  facts: SourceFacts,
  plans: readonly MediaPlan[],
  decodeOn?: DeviceKind,
): JobPlan {
  const outputs = plans.flatMap((plan) => plan.outputs);
  const reads = outputs.map(readingOf);
  return {
    source_kind: mediaKind(facts) ?? 'other',
    source: summarize(facts) || null,
    duration_s: lengthOf(facts),
    reads: READINGS.findLast((reading) => reads.includes(reading)) ?? 'header',
    steps: plans.flatMap((plan) => {
      const device = (stream: number) =>
        decodedOn(facts.streams[stream], plan.outputs, decodeOn ? [decodeOn] : []);
      return plan.outputs.flatMap((output) => stepsOf(output, facts, device));
    }),
  };
}

function readingOf(output: PlannedOutput): Reading {
  switch (output.kind) {
    case 'media':
      return output.tracks.some(({ kind }) => kind === 'video' || kind === 'audio') ? 'decode' : 'packets';
    case 'images':
    case 'animation':
      return 'seek';
    case 'facts':
      return output.scan;
    default:
      return 'decode';
  }
}

function stepsOf(
  output: PlannedOutput,
  facts: SourceFacts,
  deviceOf: (stream: number) => DeviceKind | null,
): PlanStep[] {
  const step = (kind: string, stream: number | null, to: string | null, detail: string | null): PlanStep => ({
    kind,
    stream,
    from: stream === null ? null : (facts.streams[stream]?.codec ?? null),
    to,
    detail,
  });
  switch (output.kind) {
    case 'media':
      return output.tracks.map((track) =>
        step(track.kind, track.stream, madeOf(track), detailOf(track, deviceOf(track.stream))),
      );
    case 'images':
      return [step('images', output.stream, output.format, output.choose.kind.replaceAll('_', ' '))];
    case 'animation':
      return [step('animation', output.stream, output.file.split('.').at(-1) ?? null, `${output.fps} fps`)];
    case 'waveform':
      return [step('waveform', output.stream, 'points', String(output.samples))];
    case 'scenes':
      return [step('scenes', output.stream, 'cuts', `threshold ${output.threshold}`)];
    case 'loudness':
      return [step('loudness', 'stream' in output.of ? output.of.stream : null, 'LUFS', null)];
    case 'facts':
      return [step('facts', output.stream, output.scan, null)];
    case 'mix':
      return [step('mix', null, output.encoder, `${output.inputs.length} inputs`)];
    case 'verify':
      return [step('verify', null, 'verdict', null)];
  }
}

function madeOf(track: Track): string {
  switch (track.kind) {
    case 'video':
    case 'audio':
      return track.encoder;
    case 'text':
      return track.codec;
    case 'attach':
      return track.mime;
    case 'copy':
      return 'copy';
  }
}

function detailOf(track: Track, device: DeviceKind | null): string | null {
  if (track.kind !== 'video' && track.kind !== 'audio') return null;
  const options = Object.entries(track.options).map(([name, value]) => `${name} ${value}`);
  const own =
    track.kind === 'video'
      ? [track.size && `${track.size.width}×${track.size.height}`, track.overlay && 'overlay']
      : [
          track.bit_rate && `${Math.round(track.bit_rate / 1000)} kbit/s`,
          track.sample_rate && `${track.sample_rate} Hz`,
          track.channels && `${track.channels} channels`,
        ];
  const decoded = device && `decoded on ${decoderName(device)}`;
  return [...own, ...options, decoded].filter(Boolean).join(', ') || null;
}
