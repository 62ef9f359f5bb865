/** Still images of one video stream: riding along in a full decode, or picked by seeking. */
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame } from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import type { SourceFacts, VideoStreamFacts } from '../../core/facts.ts';
import type { FrameChoice, ImageResult, ImagesOutput, OutputResult } from '../../core/plan.ts';
import { warnOfEnd } from '../completeness.ts';
import type { PlanContext } from '../context.ts';
import { seconds } from '../ffmpeg.ts';
import { chooseFrames, middles, tickAt } from '../frames/choose.ts';
import { locateFrames } from '../frames/locate.ts';
import { pickFrames } from '../frames/pick.ts';
import { type FrameTimes, scanFrames } from '../frames/scan.ts';
import { ImageWriter } from '../images.ts';
import { openSource } from '../source.ts';
import { SpriteSheet } from '../sprite.ts';
import type { Appetite, Tap } from './tap.ts';

/** Up to this size a scan of all packets costs less than seeking about. */
const SCAN_LIMIT_BYTES = 64 * 1024 * 1024;

/** So many seeks cost about as much as reading the whole file. */
const MOST_SEEKS = 1000;

/** Pictures may end a little before the sound without anything being missing. */
const MISSING_END_S = 0.5;

export interface Wanted {
  /** Timestamps to deliver, in ticks of the stream, rising. */
  pts: bigint[];
  /** Number of the image, from 0, that each of `pts` becomes: the order in which they were asked for. */
  places: number[];
  /** Timestamps of key frames, rising, as far as they are known. */
  keys: bigint[];
  /** What a person should know of the choice, such as a source that breaks off. */
  warnings: string[];
}

/** Which frames the plan means, found without decoding; larger sources than `scanLimit` by seeking. */
export async function resolveChoice(
  plan: ImagesOutput,
  context: PlanContext,
  scanLimit = SCAN_LIMIT_BYTES,
): Promise<Wanted> {
  const { facts, source, signal } = context;
  const video = videoOf(facts, plan.stream);
  const choice = plan.choose;
  if (choice.kind !== 'spread' && facts.size_bytes > scanLimit) {
    const located = await locateChoice(choice, video, context);
    if (located) return located;
  }
  const times = await scanFrames(source, plan.stream, signal);
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
  using source = await openSource(context.source);
  const stream = source.format.streams[plan.stream];
  if (!stream)
    throw new MillError('internal', `The plan names stream ${plan.stream}, which the source does not have.`);
  const startedAt = performance.now();
  const { errors } = await pickFrames(source, stream, wanted.pts, {
    threads: context.threads,
    signal: context.signal,
    keys: wanted.keys,
    onFrame: (frame, index) => {
      set.add(frame, index);
      const done = index + 1;
      const elapsed = (performance.now() - startedAt) / 1000;
      context.progress({
        percent: Math.round((97 * done) / wanted.pts.length),
        fps: Math.round((10 * done) / elapsed) / 10,
        eta_seconds: Math.round((10 * elapsed * (wanted.pts.length - done)) / done) / 10,
      });
    },
  });
  const result = await set.finish();
  if (errors > 0)
    result.warnings.push(`Stream ${plan.stream}: ${errors} damaged packets or frames were met.`);
  return result;
}

/** The files of one images output. */
class ImageSet implements Disposable {
  readonly #plan: ImagesOutput;
  readonly #facts: SourceFacts;
  readonly #video: VideoStreamFacts;
  readonly #work: string;
  readonly #writer: ImageWriter;
  readonly #sprite: SpriteSheet | null;
  readonly #images: ImageResult[] = [];
  readonly #wanted: Wanted;
  #lastPts: bigint | null = null;

  constructor(plan: ImagesOutput, { facts, work }: PlanContext, wanted: Wanted) {
    this.#wanted = wanted;
    this.#plan = plan;
    this.#facts = facts;
    this.#video = videoOf(facts, plan.stream);
    this.#work = work;
    if ('folder' in plan.to) mkdirSync(join(work, plan.to.folder), { recursive: true });
    this.#writer = new ImageWriter(work, this.#video, plan);
    this.#sprite =
      plan.sprite && 'folder' in plan.to ? new SpriteSheet(this.#writer.size, wanted.pts.length) : null;
  }

  /** `index` counts the wanted frames in the order of time. */
  add(frame: Frame, index: number): void {
    const { to, format, choose } = this.#plan;
    const distinct = choose.kind === 'spread' || choose.kind === 'spread_keyframes';
    // One frame stands in for another that is damaged; it is not shown twice.
    if (distinct && frame.pts === this.#lastPts) return;
    this.#lastPts = frame.pts;
    const place = distinct ? this.#images.length : (this.#wanted.places[index] as number);
    const number = String(place + 1).padStart(4, '0');
    const file = 'file' in to ? to.file : join(to.folder, `${to.prefix}${number}.${format}`);
    const time = seconds(frame.pts, this.#video.time_base) - this.#facts.format.zero_s;
    this.#images[place] = this.#writer.write(
      frame,
      file,
      time,
      this.#sprite ? (picture) => this.#sprite?.add(picture) : undefined,
    );
  }

  async finish(): Promise<OutputResult> {
    const { to } = this.#plan;
    if (this.#images.length === 0) {
      throw new MillError('corrupt_media', `Video stream ${this.#plan.stream} gave no usable frames.`);
    }
    const files = this.#images.map((image) => image.file);
    if ('folder' in to) {
      const folder = join(this.#work, to.folder);
      if (this.#plan.index) {
        const listed = this.#images.map(({ file, ...rest }) => ({
          file: file.slice(to.folder.length + 1),
          ...rest,
        }));
        await writeFile(join(folder, 'index.json'), `${JSON.stringify({ images: listed }, null, 2)}\n`);
        files.push(join(to.folder, 'index.json'));
      }
      if (this.#sprite) {
        const duration = this.#video.duration_s ?? this.#facts.format.duration_s ?? 0;
        const made = await this.#sprite.finish(
          folder,
          this.#images.map((image) => image.time_s),
          duration,
        );
        files.push(...made.map((file) => join(to.folder, file)));
      }
    }
    return { kind: 'images', images: this.#images, files, warnings: this.#wanted.warnings };
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
    this.#sprite?.[Symbol.dispose]();
  }
}

function videoOf(facts: SourceFacts, stream: number): VideoStreamFacts {
  const video = facts.streams[stream];
  if (video?.kind === 'video') return video;
  throw new MillError('no_video_stream');
}

function rising(values: readonly bigint[]): Pick<Wanted, 'pts' | 'places'> {
  const at = (place: number) => values[place] as bigint;
  const places = values.map((_, place) => place).sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0));
  return { pts: places.map(at), places };
}
