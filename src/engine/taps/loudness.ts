/** Programme loudness, range and true peak by FFmpeg's `ebur128` filter (EBU R 128, ITU-R BS.1770-4). */
import { AV_OPT_SEARCH_CHILDREN, AV_OPT_TYPE_DOUBLE } from 'node-av/constants';
import type { Frame, Stream } from 'node-av/lib';
import type { Loudness, OutputResult } from '../../core/plan.ts';
import { FilterChain } from '../filter.ts';
import { soundShape, soundSource } from './sound.ts';
import { SteadySound } from './steady.ts';
import type { Appetite, Tap } from './tap.ts';

/** The gate of BS.1770: what is below counts as silence. */
const SILENCE_LUFS = -70;
/** `ebur128` needs five windows of 3 s, 0.1 s apart, before the percentiles of its range mean anything. */
const SHORTEST_RANGE_S = 3.5;

export class LoudnessTap implements Tap {
  readonly wants: ReadonlyMap<number, Appetite>;
  readonly #filter: string | null;
  readonly #steady: SteadySound;
  readonly #base: { num: number; den: number };
  #chain: FilterChain | null = null;
  #seconds = 0;

  constructor(stream: Stream, filter: string | null) {
    this.#filter = filter;
    this.#base = stream.timeBase;
    this.#steady = new SteadySound(stream.timeBase);
    this.wants = new Map([[stream.index, 'frames']]);
  }

  frame(frame: Frame): void {
    this.#steady.push(frame, this.#measure);
  }

  async finish(): Promise<OutputResult> {
    this.#steady.end(this.#measure);
    this.#chain?.push(null, ignore);
    return { kind: 'loudness', ...this.#read(), warnings: [] };
  }

  #measure = (frame: Frame): void => {
    this.#chain ??= this.#open(frame);
    this.#seconds += frame.nbSamples / frame.sampleRate;
    this.#chain.push(frame, ignore);
  };

  #open(frame: Frame): FilterChain {
    return new FilterChain(
      soundSource(soundShape(frame), this.#base),
      [...(this.#filter ? [this.#filter] : []), 'ebur128@meter=peak=true:framelog=quiet'],
      1,
    );
  }

  #read(): Loudness {
    const meter = this.#chain?.filter('ebur128@meter');
    const value = (name: string): number | null => {
      const got = meter?.getOption(name, AV_OPT_TYPE_DOUBLE, AV_OPT_SEARCH_CHILDREN) ?? null;
      return got === null || !Number.isFinite(got) ? null : got;
    };
    const integrated = value('integrated');
    const true_peak_db = value('true_peak');
    if (integrated === null || integrated <= SILENCE_LUFS) {
      return { integrated_lufs: null, range_lu: null, true_peak_db };
    }
    const range_lu = this.#seconds < SHORTEST_RANGE_S ? null : value('range');
    return { integrated_lufs: integrated, range_lu, true_peak_db };
  }

  [Symbol.dispose](): void {
    this.#steady[Symbol.dispose]();
    this.#chain?.[Symbol.dispose]();
  }
}

function ignore(): void {}
