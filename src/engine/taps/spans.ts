/**
 * Minimum, maximum and power of a signal in equal spans, when the number of samples is known only at the end.
 * Samples go into blocks of 2^k samples; when the blocks get too many, neighbours are merged and k grows.
 * Up to MAX_BLOCKS samples the result is exact; beyond, a span's edge is right to one block (0.7 ms in ten minutes).
 */
export const MAX_BLOCKS = 1 << 20;
/** Blocks live in pieces of this many, so that growing copies nothing and leaves no garbage. */
const PIECE = 1 << 16;

interface Piece {
  minimum: Float32Array;
  maximum: Float32Array;
  /** Sum of squares. */
  power: Float32Array;
}

export interface Spans {
  min: Float32Array;
  max: Float32Array;
  rms: Float32Array;
}

export class SpanMeter {
  readonly #channels: number;
  readonly #pieces: Piece[] = [];
  #blockSize = 1;
  #blocks = 0;
  /** Samples in the last, unfinished block. */
  #filled = 0;
  /** Samples a channel. */
  samples = 0;

  /**
   * Several channels together give the outermost of their values, so that no peak hides, and their mean power.
   * `expected` samples a channel, as far as is known: blocks that fit at once need not be merged.
   */
  constructor(channels: number, expected = 0) {
    this.#channels = channels;
    while (expected / this.#blockSize > MAX_BLOCKS) this.#blockSize *= 2;
  }

  /** One array for each channel, all of the same length. */
  add(planes: readonly Float32Array[]): void {
    const length = planes[0]?.length ?? 0;
    let at = 0;
    while (at < length) {
      if (this.#filled === 0) this.#open(1);
      const block = this.#blocks - 1;
      const room = (PIECE - (block % PIECE)) * this.#blockSize - this.#filled;
      const take = Math.min(length - at, room);
      this.#open(Math.ceil((this.#filled + take) / this.#blockSize) - 1);
      for (const plane of planes) this.#accumulate(plane, at, at + take, block);
      at += take;
      this.#filled = (this.#filled + take) % this.#blockSize;
    }
    this.samples += length;
  }

  /**
   * `count` spans over `extent` samples, by default all there are; a span without a sample of its own repeats
   * the block it lies in.
   */
  spans(count: number, extent = this.samples): Spans {
    const result = {
      min: new Float32Array(count),
      max: new Float32Array(count),
      rms: new Float32Array(count),
    };
    for (let span = 0; span < count && this.#blocks > 0; span++) {
      const from = Math.min(this.#blocks - 1, Math.floor((span * extent) / count / this.#blockSize));
      const until = Math.floor(((span + 1) * extent) / count / this.#blockSize);
      this.#measure(result, span, from, Math.min(Math.max(from + 1, until), this.#blocks));
    }
    return result;
  }

  #measure(result: Spans, span: number, from: number, until: number): void {
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let power = 0;
    let size = 0;
    for (let block = from; block < until; block++) {
      const { minimum, maximum, power: powers } = this.#pieceOf(block);
      const at = block % PIECE;
      min = Math.min(min, minimum[at] as number);
      max = Math.max(max, maximum[at] as number);
      power += powers[at] as number;
      size += block === this.#blocks - 1 && this.#filled > 0 ? this.#filled : this.#blockSize;
    }
    result.min[span] = min;
    result.max[span] = max;
    result.rms[span] = Math.sqrt(power / (size * this.#channels));
  }

  /** Into the unfinished block and those behind it, all of one piece. */
  #accumulate(samples: Float32Array, from: number, until: number, block: number): void {
    const { minimum, maximum, power } = this.#pieceOf(block);
    let at = block % PIECE;
    let i = from;
    let end = from + this.#blockSize - this.#filled;
    while (i < until) {
      if (end > until) end = until;
      let min = minimum[at] as number;
      let max = maximum[at] as number;
      let even = 0;
      let odd = 0;
      for (; i + 3 < end; i += 4) {
        const a = samples[i] as number;
        const b = samples[i + 1] as number;
        const c = samples[i + 2] as number;
        const d = samples[i + 3] as number;
        even += a * a + c * c;
        odd += b * b + d * d;
        const lowest = twiceSmaller(twiceSmaller(a, b), twiceSmaller(c, d)) / 4;
        const highest = twiceLarger(twiceLarger(a, b), twiceLarger(c, d)) / 4;
        if (lowest < min) min = lowest;
        if (highest > max) max = highest;
      }
      for (; i < end; i++) {
        const a = samples[i] as number;
        even += a * a;
        if (a < min) min = a;
        if (a > max) max = a;
      }
      minimum[at] = min;
      maximum[at] = max;
      power[at] = (power[at] as number) + even + odd;
      at++;
      end += this.#blockSize;
    }
  }

  /** So many blocks more. Only the first of them may begin a piece. */
  #open(count: number): void {
    if (count === 0) return;
    if (this.#blocks === MAX_BLOCKS) this.#merge();
    if (this.#blocks === this.#pieces.length * PIECE) this.#pieces.push(newPiece());
    const { minimum, maximum, power } = this.#pieceOf(this.#blocks);
    const at = this.#blocks % PIECE;
    minimum.fill(Number.POSITIVE_INFINITY, at, at + count);
    maximum.fill(Number.NEGATIVE_INFINITY, at, at + count);
    power.fill(0, at, at + count);
    this.#blocks += count;
  }

  #merge(): void {
    for (let block = 0; block < this.#blocks / 2; block++) {
      const from = this.#pieceOf(2 * block);
      const to = this.#pieceOf(block);
      const a = (2 * block) % PIECE;
      const at = block % PIECE;
      to.minimum[at] = Math.min(from.minimum[a] as number, from.minimum[a + 1] as number);
      to.maximum[at] = Math.max(from.maximum[a] as number, from.maximum[a + 1] as number);
      to.power[at] = (from.power[a] as number) + (from.power[a + 1] as number);
    }
    this.#blocks /= 2;
    this.#blockSize *= 2;
  }

  #pieceOf(block: number): Piece {
    return this.#pieces[Math.floor(block / PIECE)] as Piece;
  }
}

/**
 * Without a branch: which of two samples is larger nobody can foretell, and a processor that guesses wrong loses more
 * than these cost. Rounding in a double does not reach the float that is kept.
 */
const twiceLarger = (a: number, b: number) => a + b + Math.abs(a - b);
const twiceSmaller = (a: number, b: number) => a + b - Math.abs(a - b);

function newPiece(): Piece {
  return {
    minimum: new Float32Array(PIECE),
    maximum: new Float32Array(PIECE),
    power: new Float32Array(PIECE),
  };
}
