/**
 * Minimum, maximum and power of a signal in equal spans, when the number of samples is known only at the end.
 * Samples go into blocks of 2^k samples; when the blocks get too many, neighbours are merged and k grows.
 * Up to MAX_BLOCKS samples the result is exact; beyond, a span's edge is right to one block (0.7 ms in ten minutes).
 */
const MAX_BLOCKS = 1 << 20;

export class SpanMeter {
  #minimum = new Float32Array(4096);
  #maximum = new Float32Array(4096);
  #power = new Float64Array(4096);
  #blockSize = 1;
  #blocks = 0;
  /** Samples in the last, unfinished block. */
  #filled = 0;
  samples = 0;

  add(samples: Float32Array): void {
    let at = 0;
    while (at < samples.length) {
      if (this.#filled === 0) this.#open();
      const take = Math.min(samples.length - at, this.#blockSize - this.#filled);
      this.#accumulate(samples, at, at + take);
      at += take;
      this.#filled = (this.#filled + take) % this.#blockSize;
    }
    this.samples += samples.length;
  }

  /** Exactly `count` spans; a span without a sample of its own repeats the block it lies in. */
  spans(count: number): { min: Float32Array; max: Float32Array; rms: Float32Array } {
    const result = {
      min: new Float32Array(count),
      max: new Float32Array(count),
      rms: new Float32Array(count),
    };
    if (this.samples === 0) return result;
    for (let span = 0; span < count; span++) {
      const from = Math.floor((span * this.samples) / count / this.#blockSize);
      const until = Math.max(from + 1, Math.floor(((span + 1) * this.samples) / count / this.#blockSize));
      const end = Math.min(until, this.#blocks);
      let min = Number.POSITIVE_INFINITY;
      let max = Number.NEGATIVE_INFINITY;
      let power = 0;
      let size = 0;
      for (let block = from; block < end; block++) {
        min = Math.min(min, this.#minimum[block] ?? 0);
        max = Math.max(max, this.#maximum[block] ?? 0);
        power += this.#power[block] ?? 0;
        size += this.#sizeOf(block);
      }
      result.min[span] = min;
      result.max[span] = max;
      result.rms[span] = size > 0 ? Math.sqrt(power / size) : 0;
    }
    return result;
  }

  #sizeOf(block: number): number {
    return block === this.#blocks - 1 && this.#filled > 0 ? this.#filled : this.#blockSize;
  }

  #accumulate(samples: Float32Array, from: number, until: number): void {
    const block = this.#blocks - 1;
    let min = this.#minimum[block] as number;
    let max = this.#maximum[block] as number;
    let power = 0;
    for (let i = from; i < until; i++) {
      const value = samples[i] as number;
      if (value < min) min = value;
      if (value > max) max = value;
      power += value * value;
    }
    this.#minimum[block] = min;
    this.#maximum[block] = max;
    this.#power[block] = (this.#power[block] as number) + power;
  }

  #open(): void {
    if (this.#blocks === MAX_BLOCKS) this.#merge();
    if (this.#filled > 0) return;
    if (this.#blocks === this.#minimum.length) this.#grow();
    this.#minimum[this.#blocks] = Number.POSITIVE_INFINITY;
    this.#maximum[this.#blocks] = Number.NEGATIVE_INFINITY;
    this.#power[this.#blocks] = 0;
    this.#blocks++;
  }

  #merge(): void {
    for (let block = 0; block < this.#blocks / 2; block++) {
      const a = 2 * block;
      this.#minimum[block] = Math.min(this.#minimum[a] as number, this.#minimum[a + 1] as number);
      this.#maximum[block] = Math.max(this.#maximum[a] as number, this.#maximum[a + 1] as number);
      this.#power[block] = (this.#power[a] as number) + (this.#power[a + 1] as number);
    }
    this.#blocks /= 2;
    this.#blockSize *= 2;
  }

  #grow(): void {
    const length = this.#minimum.length * 2;
    const copy = <A extends Float32Array | Float64Array>(from: A, to: A): A => {
      to.set(from);
      return to;
    };
    this.#minimum = copy(this.#minimum, new Float32Array(length));
    this.#maximum = copy(this.#maximum, new Float32Array(length));
    this.#power = copy(this.#power, new Float64Array(length));
  }
}
