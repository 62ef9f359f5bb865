/** Sound that keeps the shape it began with: a source that changes its rate or layout in the middle is brought back. */
import { avGetSampleFmtName, type Frame } from 'node-av/lib';
import type { TimeBase } from '../ffmpeg.ts';
import { FilterChain } from '../filter.ts';
import { reshaping, type SoundShape, SoundWatch, sameSound, soundSource } from './sound.ts';

export class SteadySound implements Disposable {
  readonly #base: TimeBase;
  readonly #watch = new SoundWatch();
  #first: SoundShape | null = null;
  #now: SoundShape | null = null;
  /** Null as long as nothing has to be changed. */
  #chain: FilterChain | null = null;

  constructor(base: TimeBase) {
    this.#base = base;
  }

  /** Shape of what comes out; null before the first frame. */
  get shape(): SoundShape | null {
    return this.#first;
  }

  push(frame: Frame, visit: (frame: Frame) => void): void {
    const shape = this.#watch.look(frame);
    this.#first ??= shape;
    this.#now ??= shape;
    if (!sameSound(shape, this.#now)) this.#change(shape, this.#first, visit);
    if (this.#chain) this.#chain.push(frame, visit);
    else visit(frame);
  }

  end(visit: (frame: Frame) => void): void {
    this.#chain?.push(null, visit);
  }

  #change(to: SoundShape, back: SoundShape, visit: (frame: Frame) => void): void {
    this.end(visit);
    this.#chain?.[Symbol.dispose]();
    this.#now = to;
    const format = avGetSampleFmtName(back.format as Parameters<typeof avGetSampleFmtName>[0]) ?? 'fltp';
    this.#chain = sameSound(to, back)
      ? null
      : new FilterChain(soundSource(to, this.#base), reshaping(to, { ...back, format }), 1);
  }

  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]();
  }
}
