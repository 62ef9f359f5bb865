/** Programme loudness, range and true peak by FFmpeg's `ebur128` filter (EBU R 128, ITU-R BS.1770-4). */
import { AV_OPT_SEARCH_CHILDREN, AV_OPT_TYPE_DOUBLE } from 'node-av/constants';
import type { Frame, Stream } from 'node-av/lib';
import type { Loudness, OutputResult } from '../../core/plan.ts';
import { FilterChain } from '../filter.ts';
import { soundShape } from './audio-track.ts';
import type { Appetite, Tap } from './tap.ts';

/** The gate of BS.1770: what is below counts as silence. */
const SILENCE_LUFS = -70;

export class LoudnessTap implements Tap {
  readonly wants: ReadonlyMap<number, Appetite>;
  readonly #filter: string | null;
  readonly #base: { num: number; den: number };
  #chain: FilterChain | null = null;

  constructor(stream: Stream, filter: string | null) {
    this.#filter = filter;
    this.#base = stream.timeBase;
    this.wants = new Map([[stream.index, 'frames']]);
  }

  frame(frame: Frame): void {
    this.#chain ??= this.#open(frame);
    this.#chain.push(frame, ignore);
  }

  async finish(): Promise<OutputResult> {
    this.#chain?.push(null, ignore);
    return { kind: 'loudness', ...this.#read(), warnings: [] };
  }

  #open(frame: Frame): FilterChain {
    const { rate, format, layout } = soundShape(frame);
    const { num, den } = this.#base;
    return new FilterChain(
      `abuffer=time_base=${num}/${den}:sample_rate=${rate}:sample_fmt=${format}:channel_layout=${layout}`,
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
    if (integrated === null || integrated <= SILENCE_LUFS) {
      return { integrated_lufs: null, range_lu: null, true_peak_db: value('true_peak') };
    }
    return { integrated_lufs: integrated, range_lu: value('range'), true_peak_db: value('true_peak') };
  }

  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]();
  }
}

function ignore(): void {}
