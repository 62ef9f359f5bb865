/** Keeps sound in time: where a damaged or patchy source has a hole, silence is put in. */
import { avGetPackedSampleFmt, avGetSampleFmtName, Frame } from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import { hasTime, must, seconds, type TimeBase, ticks } from '../ffmpeg.ts';

/** Timestamps are rounded and tremble; what is less is no hole, until it adds up. */
const JITTER_S = 0.06;
/** A longer hole is taken for a broken clock: what follows is moved up to what was before. */
const LONGEST_HOLE_S = 600;
/** AV_NUM_DATA_POINTERS: a frame of more planes than this cannot be filled from one buffer; node-av crashes. */
const MOST_PLANES = 8;
/** Samples of one silent frame. */
const CHUNK = 8192;

export class HoleFiller {
  readonly #base: TimeBase;
  /** Where what was handed out so far ends, and how far later timestamps are moved, in seconds. */
  #end: number | null = null;
  #moved = 0;
  /** Seconds of silence put in, and of jumps taken out. */
  filled_s = 0;
  skipped_s = 0;

  constructor(base: TimeBase) {
    this.#base = base;
  }

  /** Hands out silence where there is a hole before the frame, then the frame with its own timestamp or a better one. */
  fill(frame: Frame, visit: (frame: Frame) => void): void {
    const { pts } = frame;
    if (hasTime(pts)) {
      const at = seconds(pts, this.#base);
      this.#end ??= at;
      this.#close(frame, at - this.#moved - this.#end, visit);
      if (this.#moved > 0) frame.pts = pts - ticks(this.#moved, this.#base);
    }
    if (this.#end !== null) this.#end += frame.nbSamples / frame.sampleRate;
    visit(frame);
    frame.pts = pts;
  }

  #close(frame: Frame, hole: number, visit: (frame: Frame) => void): void {
    if (hole <= JITTER_S) return;
    if (hole > LONGEST_HOLE_S) {
      this.#moved += hole;
      this.skipped_s += hole;
      return;
    }
    this.filled_s += hole;
    const begin = this.#end as number;
    const total = Math.round(hole * frame.sampleRate);
    for (let at = 0; at < total; at += CHUNK) {
      const silence = silentFrame(frame, Math.min(CHUNK, total - at));
      silence.pts = ticks(begin + at / frame.sampleRate, this.#base);
      try {
        visit(silence);
      } finally {
        silence.free();
      }
    }
    this.#end = begin + total / frame.sampleRate;
  }
}

function silentFrame(like: Frame, samples: number): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.format = like.channels > MOST_PLANES ? avGetPackedSampleFmt(formatOf(like)) : like.format;
  frame.sampleRate = like.sampleRate;
  frame.channelLayout = like.channelLayout;
  frame.nbSamples = samples;
  if (frame.getBuffer() < 0) {
    frame.free();
    throw new MillError('out_of_memory');
  }
  const bytes = bytesPerSample(like);
  // The middle of unsigned samples is not zero.
  must(
    frame.fromBuffer(Buffer.alloc(samples * like.channels * bytes, bytes === 1 ? 0x80 : 0)),
    'make silence',
  );
  return frame;
}

function bytesPerSample(frame: Frame): number {
  const name = avGetSampleFmtName(formatOf(frame))?.replace(/p$/, '') ?? '';
  return { u8: 1, s16: 2, s32: 4, flt: 4, dbl: 8, s64: 8 }[name] ?? 4;
}

/** Of a frame of sound. */
function formatOf({ format }: Frame) {
  return format as Parameters<typeof avGetPackedSampleFmt>[0];
}
