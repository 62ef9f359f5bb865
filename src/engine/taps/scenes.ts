/** Scene scores of one video stream, by FFmpeg's own `select` filter. */
import type { Frame, Stream } from 'node-av/lib';
import type { OutputResult, SceneCut, ScenesOutput } from '../../core/plan.ts';
import { seconds, type TimeBase } from '../ffmpeg.ts';
import { FilterChain, type PictureShape, pictureShape, pictureSource, sameShape } from '../filter.ts';
import type { Appetite, Tap } from './tap.ts';

const SCORE = 'lavfi.scene_score';

/** Differences of times in seconds are not exact. */
const TOLERANCE_S = 1e-6;

export class ScenesTap implements Tap {
  readonly wants: ReadonlyMap<number, Appetite>;
  readonly #plan: ScenesOutput;
  readonly #base: TimeBase;
  readonly #zero: number;
  #chain: FilterChain | null = null;
  #shape: PictureShape | null = null;
  #cuts: SceneCut[] = [];
  #frames = 0;
  #last = 0;

  constructor(plan: ScenesOutput, stream: Stream, zeroS: number) {
    this.#plan = plan;
    this.#base = stream.timeBase;
    this.#zero = zeroS;
    this.wants = new Map([[plan.stream, 'frames']]);
  }

  frame(frame: Frame): void {
    if (!this.#chain || !this.#shape || !sameShape(this.#shape, frame)) {
      this.#chain?.[Symbol.dispose]();
      this.#shape = pictureShape(frame);
      // Every frame passes; what counts is the score it carries.
      this.#chain = new FilterChain(pictureSource(this.#shape, this.#base), ["select='gte(scene,0)'"], 1);
    }
    this.#chain.push(frame, this.#score);
  }

  async finish(): Promise<OutputResult> {
    const { min_scene_s } = this.#plan;
    const cuts: SceneCut[] = [];
    for (const cut of this.#cuts) {
      if (cut.time_s - (cuts.at(-1)?.time_s ?? 0) >= min_scene_s - TOLERANCE_S) cuts.push(cut);
    }
    return { kind: 'scenes', cuts, frames: this.#frames, duration_s: this.#last, warnings: [] };
  }

  #score = (frame: Frame): void => {
    using metadata = frame.getMetadata();
    const score = Number(metadata.get(SCORE) ?? 0);
    const time = seconds(frame.pts, this.#base) - this.#zero;
    if (score >= this.#plan.threshold && this.#frames > 0)
      this.#cuts.push({ time_s: time, frame: this.#frames, score });
    this.#frames++;
    this.#last = time + seconds(frame.duration, this.#base);
  };

  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]();
  }
}
