/** The files of one images output. */
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame } from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import type { SourceFacts, VideoStreamFacts } from '../../core/facts.ts';
import type { ImageResult, ImagesOutput, OutputResult } from '../../core/plan.ts';
import type { PlanContext } from '../context.ts';
import { seconds } from '../ffmpeg.ts';
import { ImageWriter } from '../images.ts';
import { SpriteSheet } from '../sprite.ts';

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

export class ImageSet implements Disposable {
  readonly #plan: ImagesOutput;
  readonly #facts: SourceFacts;
  readonly #video: VideoStreamFacts;
  readonly #work: string;
  readonly #writer: ImageWriter;
  readonly #sprite: SpriteSheet | null;
  readonly #images: ImageResult[] = [];
  readonly #wanted: Wanted;
  #lastPts: bigint | null = null;

  constructor(plan: ImagesOutput, { facts, work, threads }: PlanContext, wanted: Wanted) {
    this.#wanted = wanted;
    this.#plan = plan;
    this.#facts = facts;
    this.#video = videoOf(facts, plan.stream);
    this.#work = work;
    if ('folder' in plan.to) mkdirSync(join(work, plan.to.folder), { recursive: true });
    this.#writer = new ImageWriter(plan, {
      folder: work,
      video: this.#video,
      threads: Math.min(threads, wanted.pts.length),
    });
    this.#sprite =
      plan.sprite && 'folder' in plan.to
        ? new SpriteSheet(this.#writer.size, wanted.pts.length, plan.sprite_columns)
        : null;
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
    this.#writer.end();
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

export function videoOf(facts: SourceFacts, stream: number): VideoStreamFacts {
  const video = facts.streams[stream];
  if (video?.kind === 'video') return video;
  throw new MillError('no_video_stream');
}
