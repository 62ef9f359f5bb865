/** A chain of FFmpeg filters with one input and one output. Chains are built by the engine, never from user text. */
import { AV_BUFFERSRC_FLAG_KEEP_REF } from 'node-av/constants';
import { type FilterContext, FilterGraph, Frame } from 'node-av/lib';
import { again, ended, must, type TimeBase } from './ffmpeg.ts';

export class FilterChain implements Disposable {
  readonly #graph = new FilterGraph();
  readonly #source: FilterContext;
  readonly #sink: FilterContext;
  readonly #frame = new Frame();

  /**
   * `source` is a `buffer` or `abuffer` with its arguments; `filters` the chain, empty to pass through.
   * `side` is a second branch, from a `buffer@name` of its own to a label that the chain names.
   */
  constructor(
    source: `${'buffer' | 'abuffer'}=${string}`,
    filters: string[],
    threads: number,
    side?: string,
  ) {
    const audio = source.startsWith('abuffer');
    this.#graph.alloc();
    this.#frame.alloc();
    this.#graph.nbThreads = threads;
    const chain = [
      source.replace('=', '@in='),
      ...filters,
      audio ? 'abuffersink@out' : 'buffersink@out',
    ].join(',');
    must(
      this.#graph.parse2(side ? `${side};${chain}` : chain),
      `build the filter chain ${filters.join(',')}`,
    );
    must(this.#graph.configSync(), `configure the filter chain ${filters.join(',')}`);
    const source_ = this.#graph.getFilter(audio ? 'abuffer@in' : 'buffer@in');
    const sink = this.#graph.getFilter(audio ? 'abuffersink@out' : 'buffersink@out');
    if (!source_ || !sink) throw new TypeError('The filter chain has no ends.');
    this.#source = source_;
    this.#sink = sink;
  }

  /** Gives a side branch its only frame. */
  feed(name: string, frame: Frame): void {
    const input = this.#graph.getFilter(name);
    if (!input) throw new TypeError(`The filter chain has no input ${name}.`);
    must(input.buffersrcAddFrameSync(frame, AV_BUFFERSRC_FLAG_KEEP_REF), 'filter a frame');
    must(input.buffersrcAddFrameSync(null), 'filter a frame');
  }

  /** A filter by the name it was given as `filter@name`, for what it measured. */
  filter(name: string): FilterContext | null {
    return this.#graph.getFilter(name);
  }

  /** Pushes a frame (null at the end) and hands out what is ready; pulled after every push, or frames pile up. */
  push(frame: Frame | null, visit: (frame: Frame) => void): void {
    // The caller keeps its frame.
    must(this.#source.buffersrcAddFrameSync(frame, AV_BUFFERSRC_FLAG_KEEP_REF), 'filter a frame');
    for (;;) {
      const got = this.#sink.buffersinkGetFrameSync(this.#frame);
      if (again(got) || ended(got)) return;
      must(got, 'take a filtered frame');
      visit(this.#frame);
      this.#frame.unref();
    }
  }

  [Symbol.dispose](): void {
    this.#frame.free();
    this.#graph.free();
  }
}

export interface PictureShape {
  width: number;
  height: number;
  format: number;
  sar: TimeBase;
  colorSpace: number;
  colorRange: number;
}

export function pictureShape(frame: Frame): PictureShape {
  return {
    width: frame.width,
    height: frame.height,
    format: frame.format,
    sar: frame.sampleAspectRatio,
    colorSpace: frame.colorSpace,
    colorRange: frame.colorRange,
  };
}

export function sameShape(a: PictureShape, frame: Frame): boolean {
  return a.width === frame.width && a.height === frame.height && a.format === frame.format;
}

/** Arguments of the `buffer` filter for frames like this one. */
export function pictureSource(shape: PictureShape, timeBase: TimeBase): `buffer=${string}` {
  const sar = shape.sar.num > 0 && shape.sar.den > 0 ? `${shape.sar.num}/${shape.sar.den}` : '1/1';
  const size = `video_size=${shape.width}x${shape.height}:pix_fmt=${shape.format}`;
  const time = `time_base=${timeBase.num}/${timeBase.den}:pixel_aspect=${sar}`;
  return `buffer=${size}:${time}:colorspace=${shape.colorSpace}:range=${shape.colorRange}`;
}
