/** Still images of one video stream: riding along in a full decode, or picked by seeking. */
import type { Frame } from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import type { SourceFacts, VideoStreamFacts } from '../../core/facts.ts';
import type { FrameChoice, ImagesOutput, OutputResult } from '../../core/plan.ts';
import { warnOfEnd } from '../completeness.ts';
import type { PlanContext } from '../context.ts';
import { seconds } from '../ffmpeg.ts';
import { firstFrame } from '../first-frame.ts';
import { chooseFrames, middles, tickAt } from '../frames/choose.ts';
import { locateFrames } from '../frames/locate.ts';
import { pickFrames } from '../frames/pick.ts';
import { PickMeter, REPORT_EVERY_MS } from '../frames/pick-meter.ts';
import { type FrameTimes, scanFrames } from '../frames/scan.ts';
import { isPartial } from '../partial-file.ts';
import { openSource } from '../source.ts';
import { ImageSet, videoOf, type Wanted } from './image-set.ts';
import type { Appetite, Tap } from './tap.ts';

/** Up to this size a scan of all packets costs less than seeking about. */
const SCAN_LIMIT_BYTES = 64 * 1024 * 1024;

/** So many seeks cost about as much as reading the whole file. */
const MOST_SEEKS = 1000;

/** Pictures may end a little before the sound without anything being missing. */
const MISSING_END_S = 0.5;

/** Which frames the plan means, found without decoding; larger sources than `scanLimit` by seeking. */
export async function resolveChoice(
  plan: ImagesOutput,
  context: PlanContext,
  scanLimit = SCAN_LIMIT_BYTES,
): Promise<Wanted> {
  const { facts, source, signal } = context;
  const video = videoOf(facts, plan.stream);
  const choice = plan.choose;
  if (video.attached_picture) return { ...rising([0n]), keys: [0n], warnings: [] };
  if (choice.kind !== 'spread' && (isPartial(source) || facts.size_bytes > scanLimit)) {
    const located = await locateChoice(choice, video, context);
    if (located) return located;
  }
  let lastReport = 0;
  const times = await scanFrames(source, plan.stream, signal, {
    look: context.look,
    onTurn() {
      if (performance.now() - lastReport < REPORT_EVERY_MS) return;
      lastReport = performance.now();
      context.progress({ percent: null, stage: 'looking for frames' });
    },
  });
  const missing = breakOff(video, times, facts);
  return {
    ...rising(chooseFrames(choice, times, video.time_base, facts.format.zero_s)),
    keys: times.keys,
    warnings: missing.length > 0 ? missing : await warnOfEnd(source, facts),
  };
}

async function locateChoice(
  choice: Exclude<FrameChoice, { kind: 'spread' }>,
  video: VideoStreamFacts,
  { facts, source, signal }: PlanContext,
): Promise<Wanted | null> {
  const duration = video.duration_s ?? facts.format.duration_s ?? 0;
  const times = choice.kind === 'spread_keyframes' ? middles(choice.count, duration) : choice.times_s;
  if (times.length > MOST_SEEKS) return null;
  const targets = times.map((time) => tickAt(time + facts.format.zero_s, video.time_base));
  const located = await locateFrames(source, video.index, targets, signal);
  if (!located.every((found) => found !== null)) return null;
  const pts = located.map((found) => (choice.kind === 'at' ? found.shown : found.key));
  // Key frames far apart: two thumbnails would be the same. A scan finds other frames.
  if (choice.kind === 'spread_keyframes' && new Set(pts).size < pts.length) return null;
  return {
    ...rising(pts),
    keys: rising([...new Set(located.map(({ key }) => key))]).pts,
    warnings: await warnOfEnd(source, facts),
  };
}

/** A video cut short still gives pictures of what is there; that it is not all is said. */
function breakOff(video: VideoStreamFacts, times: FrameTimes, facts: SourceFacts): string[] {
  const [first] = times.pts;
  const announced = video.duration_s ?? facts.format.duration_s;
  if (first === undefined || announced === null) return [];
  const found = seconds(times.end - first, video.time_base);
  if (announced - found <= MISSING_END_S) return [];
  return [`The video has pictures only for ${found.toFixed(2)} s of ${announced.toFixed(2)} s.`];
}

/** Rides along in a full decode of its stream. */
export class ImagesTap implements Tap {
  readonly wants: ReadonlyMap<number, Appetite>;
  readonly #wanted: readonly bigint[];
  readonly #set: ImageSet;
  #next = 0;
  #last: Frame | null = null;

  constructor(plan: ImagesOutput, wanted: Wanted, context: PlanContext) {
    this.#wanted = wanted.pts;
    this.wants = new Map([[plan.stream, 'frames']]);
    this.#set = new ImageSet(plan, context, wanted);
  }

  get satisfied(): boolean {
    return this.#next >= this.#wanted.length;
  }

  frame(frame: Frame): void {
    while (this.#next < this.#wanted.length && frame.pts >= (this.#wanted[this.#next] as bigint)) {
      this.#set.add(frame, this.#next++);
    }
    this.#last?.free();
    this.#last = this.satisfied ? null : frame.clone();
  }

  async finish(): Promise<OutputResult> {
    while (this.#last && this.#next < this.#wanted.length) this.#set.add(this.#last, this.#next++);
    return await this.#set.finish();
  }

  [Symbol.dispose](): void {
    this.#last?.free();
    this.#set[Symbol.dispose]();
  }
}

/** Makes the images by seeking, when nothing else decodes the stream. */
export async function pickImages(
  plan: ImagesOutput,
  wanted: Wanted,
  context: PlanContext,
): Promise<OutputResult> {
  using set = new ImageSet(plan, context, wanted);
  if (videoOf(context.facts, plan.stream).attached_picture) return await coverImage(plan, set, context);
  using source = await openSource(context.source);
  const stream = source.format.streams[plan.stream];
  if (!stream)
    throw new MillError('internal', `The plan names stream ${plan.stream}, which the source does not have.`);
  const meter = new PickMeter(wanted.pts.length, context.progress);
  const { errors } = await pickFrames(source, stream, wanted.pts, {
    threads: context.threads,
    signal: context.signal,
    keys: wanted.keys,
    onTurn: () => meter.report(),
    onFrame: (frame, index) => {
      set.add(frame, index);
      meter.done(index + 1);
    },
  });
  const result = await set.finish();
  if (errors > 0)
    result.warnings.push(`Stream ${plan.stream}: ${errors} damaged packets or frames were met.`);
  return result;
}

/** A cover is one packet before all others: a seek would only lose it. */
async function coverImage(
  { stream }: ImagesOutput,
  set: ImageSet,
  { source }: PlanContext,
): Promise<OutputResult> {
  const frame = await firstFrame(source, stream);
  try {
    frame.pts = 0n;
    set.add(frame, 0);
  } finally {
    frame.free();
  }
  return await set.finish();
}

function rising(values: readonly bigint[]): Pick<Wanted, 'pts' | 'places'> {
  const at = (place: number) => values[place] as bigint;
  const places = values.map((_, place) => place).sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0));
  return { pts: places.map(at), places };
}
