/** One sheet of many small pictures, and the WebVTT file players use to find them (`#xywh`, Media Fragments 1.0 §4.2.2). */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { avGetPixFmtFromName, type CodecContext, Frame, Rational } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { openEncoder } from './encoder.ts';
import { FilterChain, pictureShape, pictureSource } from './filter.ts';

const SHEET = 'sprite.jpg';
const TRACK = 'sprite.vtt';
/** JPEG cannot be larger than 65,535 pixels either way; FFmpeg's encoder stops a little earlier. */
const MAX_SIDE = 65_500;
/** The sheet is put together in memory, three bytes a pixel, beside its parts. */
const MAX_PIXELS = 100_000_000;

export class SpriteSheet implements Disposable {
  readonly #tile: { width: number; height: number };
  readonly #columns: number | undefined;
  readonly #pictures: Buffer[] = [];
  #toRgb: FilterChain | null = null;

  /** Throws `invalid_params` when so many pictures make too large a sheet. */
  constructor(tile: { width: number; height: number }, count: number, columns?: number) {
    this.#tile = tile;
    this.#columns = columns;
    if (count * tile.width * tile.height <= MAX_PIXELS) return;
    throw new MillError(
      'invalid_params',
      `"sprite": a sheet of ${count} pictures of ${tile.width}×${tile.height} is too large; choose fewer or smaller ones.`,
    );
  }

  add(picture: Frame): void {
    this.#toRgb ??= new FilterChain(
      pictureSource(pictureShape(picture), { num: 1, den: 1000 }),
      ['format=rgb24'],
      1,
    );
    this.#toRgb.push(picture, (frame) => this.#pictures.push(frame.toBuffer()));
  }

  /** Answers the files it made. `times` are those of the pictures, in seconds. */
  async finish(folder: string, times: readonly number[], durationS: number): Promise<string[]> {
    const count = this.#pictures.length;
    const columns = Math.max(
      1,
      Math.min(this.#columns ?? Math.ceil(Math.sqrt(count)), Math.floor(MAX_SIDE / this.#tile.width)),
    );
    const rows = Math.ceil(count / columns);
    await writeFile(join(folder, SHEET), this.#encode(this.#compose(columns, rows), columns, rows));
    await writeFile(join(folder, TRACK), this.#track(times, durationS, columns));
    return [SHEET, TRACK];
  }

  #compose(columns: number, rows: number): Buffer {
    const { width, height } = this.#tile;
    const sheet = Buffer.alloc(columns * width * rows * height * 3);
    const stride = columns * width * 3;
    this.#pictures.forEach((picture, index) => {
      const left = (index % columns) * width * 3;
      const top = Math.floor(index / columns) * height;
      for (let y = 0; y < height; y++)
        picture.copy(sheet, (top + y) * stride + left, y * width * 3, (y + 1) * width * 3);
    });
    return sheet;
  }

  #encode(sheet: Buffer, columns: number, rows: number): Buffer {
    using frame = Frame.fromVideoBuffer(sheet, {
      width: columns * this.#tile.width,
      height: rows * this.#tile.height,
      format: avGetPixFmtFromName('rgb24'),
      pts: 0n,
      timeBase: { num: 1, den: 25 },
    });
    using chain = new FilterChain(
      pictureSource(pictureShape(frame), { num: 1, den: 25 }),
      ['scale=flags=accurate_rnd:out_color_matrix=bt601:out_range=pc', 'format=yuvj420p'],
      1,
    );
    using encoder = openEncoder({
      name: 'mjpeg',
      options: { flags: '+qscale', global_quality: 4 * 118 },
      globalHeader: false,
      configure: (context) => {
        context.width = frame.width;
        context.height = frame.height;
        context.pixelFormat = avGetPixFmtFromName('yuvj420p');
        context.timeBase = new Rational(1, 25);
        context.colorRange = 2 as CodecContext['colorRange'];
      },
    });
    const parts: Buffer[] = [];
    chain.push(frame, (picture) =>
      encoder.encode(picture, (packet) => parts.push(Buffer.from(packet.data ?? []))),
    );
    return Buffer.concat(parts);
  }

  /** Each picture stands for the time from half-way to the one before to half-way to the one after. */
  #track(times: readonly number[], durationS: number, columns: number): string {
    const { width, height } = this.#tile;
    const edges = times.map((time, index) => (index === 0 ? 0 : (time + (times[index - 1] ?? 0)) / 2));
    const cues = times.map((time, index) => {
      const end = edges[index + 1] ?? Math.max(durationS, time);
      const x = (index % columns) * width;
      const y = Math.floor(index / columns) * height;
      return `${clock(edges[index] ?? 0)} --> ${clock(end)}\n${SHEET}#xywh=${x},${y},${width},${height}\n`;
    });
    return `WEBVTT\n\n${cues.join('\n')}`;
  }

  [Symbol.dispose](): void {
    this.#toRgb?.[Symbol.dispose]();
  }
}

function clock(seconds: number): string {
  const milliseconds = Math.round(seconds * 1000);
  const part = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, '0');
  return `${part(milliseconds / 3_600_000, 2)}:${part((milliseconds / 60_000) % 60, 2)}:${part((milliseconds / 1000) % 60, 2)}.${part(milliseconds % 1000, 3)}`;
}
