/** A clip as animated GIF, APNG or WebP. */
import { join } from 'node:path';
import {
  avGetPixFmtFromName,
  Dictionary,
  FormatContext,
  type Frame,
  type Packet,
  Rational,
  type Stream,
} from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import type { SourceFacts, VideoStreamFacts } from '../../core/facts.ts';
import type { AnimationOutput, OutputResult } from '../../core/plan.ts';
import { extensionOf } from '../../core/registry.ts';
import { Cadence } from '../cadence.ts';
import type { PlanContext } from '../context.ts';
import { type Encoder, openEncoder } from '../encoder.ts';
import { hasTime, must, rescale, seconds, type TimeBase } from '../ffmpeg.ts';
import { FilterChain, pictureShape, pictureSource } from '../filter.ts';
import { imageSize, turns, WEBP_COLORS } from '../images.ts';
import type { Appetite, Tap } from './tap.ts';

interface Kind {
  muxer: string;
  encoder: string;
  pixelFormat: string;
}

const KINDS: Record<string, Kind> = {
  '.gif': { muxer: 'gif', encoder: 'gif', pixelFormat: 'pal8' },
  '.png': { muxer: 'apng', encoder: 'apng', pixelFormat: 'rgba' },
  '.apng': { muxer: 'apng', encoder: 'apng', pixelFormat: 'rgba' },
  '.webp': { muxer: 'webp', encoder: 'libwebp_anim', pixelFormat: 'yuva420p' },
};

/** Of a frame's duration: containers round timestamps. */
const DOUBT = 0.2;
/** A palette is made of all frames at once: they wait in memory, four bytes a pixel. */
const MAX_WAITING_BYTES = 1024 * 1024 * 1024;

export class AnimationTap implements Tap {
  readonly wants: ReadonlyMap<number, Appetite>;
  readonly #plan: AnimationOutput;
  /** Kept: the binding makes a new object each time it is asked. */
  readonly #timeBase: TimeBase;
  readonly #video: VideoStreamFacts;
  readonly #zero: number;
  readonly #threads: number;
  readonly #kind: Kind;
  readonly #size: { width: number; height: number };
  readonly #cadence: Cadence;
  /** Seconds from each frame of the source to the next; null when they differ or nobody knows. */
  readonly #period: number | null;
  readonly #format = new FormatContext();
  readonly #path: string;
  #chain: FilterChain | null = null;
  #encoder: Encoder | null = null;
  #frames = 0;
  /** Seconds at which the last frame that came ends. */
  #shownUntil = 0;
  #closed = false;

  constructor(
    plan: AnimationOutput,
    stream: Stream,
    video: VideoStreamFacts,
    { facts, work, threads }: Pick<PlanContext, 'facts' | 'work' | 'threads'>,
  ) {
    const kind = KINDS[extensionOf(plan.file)];
    if (!kind)
      throw new MillError('unsupported_output', 'An animation is a .gif, .png, .apng or .webp file.');
    this.#plan = plan;
    this.#timeBase = stream.timeBase;
    this.#video = video;
    this.#zero = facts.format.zero_s;
    this.#threads = threads;
    this.#kind = kind;
    this.#period = steadyPeriod(facts, video);
    this.#size = imageSize(video, plan.width);
    this.wants = new Map([[plan.stream, 'frames']]);
    const count = Math.max(1, Math.round(plan.duration_s * plan.fps));
    this.#checkMemory(count);
    this.#cadence = new Cadence(plan.start_s, plan.fps, count, (frame, tick) => this.#push(frame, tick));
    this.#path = join(work, plan.file);
    must(this.#format.allocOutputContext2(null, kind.muxer, this.#path), `prepare a ${kind.muxer} file`);
    must(this.#format.openOutputSync(), 'create the output file');
  }

  get satisfied(): boolean {
    return this.#cadence.done;
  }

  needs({ pts }: Packet): boolean {
    const period = this.#period;
    if (period === null || !hasTime(pts)) return true;
    const begin = seconds(pts, this.#timeBase) - this.#zero;
    return this.#cadence.wants(begin - period * DOUBT, begin + period * (1 + DOUBT));
  }

  frame(frame: Frame): void {
    const begin = seconds(frame.pts, this.#timeBase) - this.#zero;
    this.#shownUntil = begin + (seconds(frame.duration, this.#timeBase) || this.#usualPeriod());
    this.#cadence.add(frame, begin);
  }

  async finish(): Promise<OutputResult> {
    const { start_s, duration_s, fps, file } = this.#plan;
    this.#cadence.end(Math.max(start_s + TAIL_S, Math.min(this.#videoEnd(), start_s + duration_s + TAIL_S)));
    this.#chain?.push(null, this.#encode);
    this.#encoder?.encode(null, this.#write);
    if (!this.#encoder || this.#frames === 0) {
      throw new MillError(
        'corrupt_media',
        `Video stream ${this.#plan.stream} gave no usable frames from ${start_s} s on.`,
      );
    }
    must(this.#format.writeTrailerSync(), 'complete the output file');
    this.#close();
    return {
      kind: 'animation',
      file,
      ...this.#size,
      frames: this.#frames,
      duration_s: this.#frames / fps,
      warnings: [],
    };
  }

  /** Recordings that were streamed do not state how long they are: then the end of the last frame tells. */
  #videoEnd(): number {
    const { duration_s, start_time_s } = this.#video;
    if (duration_s === null) return this.#shownUntil - TAIL_S;
    return duration_s + Math.max(0, (start_time_s ?? 0) - this.#zero) + TAIL_S;
  }

  #usualPeriod(): number {
    const rate = this.#video.avg_frame_rate.value;
    return rate ? 1 / rate : 0;
  }

  #checkMemory(count: number): void {
    const bytes = count * this.#size.width * this.#size.height * 4;
    if (this.#kind.muxer !== 'gif' || bytes <= MAX_WAITING_BYTES) return;
    throw new MillError(
      'invalid_params',
      `A GIF of ${count} frames of ${this.#size.width}×${this.#size.height} is too large to make; choose a shorter duration, fewer fps or a smaller width.`,
    );
  }

  #push(frame: Frame, tick: number): void {
    this.#chain ??= new FilterChain(
      pictureSource(pictureShape(frame), this.#base),
      this.#filters(),
      this.#threads,
    );
    const { pts } = frame;
    frame.pts = BigInt(tick);
    this.#chain.push(frame, this.#encode);
    frame.pts = pts;
  }

  get #base(): Rational {
    return Rational.fromObject(frameBase(this.#plan.fps));
  }

  #filters(): string[] {
    const { rotation, flipped } = this.#video;
    const upright = rotation % 180 === 0;
    const { width, height } = this.#size;
    const scale = upright ? `${width}:${height}` : `${height}:${width}`;
    const { colors, dither } = this.#plan;
    return [
      `scale=${scale}:flags=bicubic+accurate_rnd${this.#kind.muxer === 'webp' ? WEBP_COLORS : ''}`,
      'setsar=1',
      ...(flipped ? ['hflip'] : []),
      ...turns(rotation),
      ...(this.#kind.muxer === 'gif'
        ? [
            `split[a][b];[a]palettegen=max_colors=${colors}:reserve_transparent=0:stats_mode=full[p];[b][p]paletteuse=dither=${dither}`,
          ]
        : [`format=${this.#kind.pixelFormat}`]),
    ];
  }

  #encode = (picture: Frame): void => {
    this.#encoder ??= this.#open(picture);
    picture.pictType = 0 as typeof picture.pictType;
    this.#frames++;
    this.#encoder.encode(picture, this.#write);
  };

  #open(picture: Frame): Encoder {
    const encoder = openEncoder({
      name: this.#kind.encoder,
      options: this.#kind.muxer === 'webp' ? { quality: this.#plan.quality } : {},
      globalHeader: true,
      configure: (context) => {
        context.width = picture.width;
        context.height = picture.height;
        context.pixelFormat = avGetPixFmtFromName(this.#kind.pixelFormat);
        context.timeBase = this.#base;
        context.framerate = this.#base.inv();
        context.threadCount = 1;
      },
    });
    const stream = this.#format.newStream(null);
    must(stream.codecpar.fromContext(encoder.context), 'describe the animation');
    stream.timeBase = this.#base;
    using options = Dictionary.fromObject(loopOption(this.#kind.muxer, this.#plan.loop));
    must(this.#format.writeHeaderSync(options), 'write the header of the animation');
    return encoder;
  }

  #write = (packet: Parameters<Parameters<Encoder['encode']>[1]>[0]): void => {
    const to = this.#format.streams[0]?.timeBase ?? this.#base;
    packet.streamIndex = 0;
    packet.pts = rescale(packet.pts, this.#base, to);
    packet.dts = packet.pts;
    packet.duration = rescale(1n, this.#base, to);
    must(this.#format.writeFrameSync(packet), 'write to the output file');
  };

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#format.closeOutputSync();
    this.#format.freeContext();
  }

  [Symbol.dispose](): void {
    this.#cadence[Symbol.dispose]();
    this.#chain?.[Symbol.dispose]();
    this.#encoder?.[Symbol.dispose]();
    this.#close();
  }
}

/** Elsewhere than in the index of an MP4 nobody can see holes ahead, before which a frame is shown for longer. */
function steadyPeriod({ format }: SourceFacts, video: VideoStreamFacts): number | null {
  const { avg_frame_rate: average, real_frame_rate: real } = video;
  const same = format.name.startsWith('mov') && average.num * real.den === real.num * average.den;
  return same && real.num > 0 ? real.den / real.num : null;
}

/** The last tick of a clip may lie on its very end; one on the end of the last frame shows nothing any more. */
const TAIL_S = 1e-3;

function frameBase(fps: number): { num: number; den: number } {
  return Number.isInteger(fps) ? { num: 1, den: fps } : { num: 1000, den: Math.round(fps * 1000) };
}

/** Plays: GIF counts repetitions after the first (−1 for none), APNG and WebP plays; 0 is for ever in all. */
function loopOption(muxer: string, loop: number): Record<string, number> {
  if (muxer === 'gif') return { loop: loop === 0 ? 0 : loop === 1 ? -1 : loop - 1 };
  if (muxer === 'apng') return { plays: loop };
  return { loop };
}
