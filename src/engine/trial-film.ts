/** The film that encoders and decoders are tried with: short and small, but there is something in it to get wrong. */
import {
  avGetPixFmtFromName,
  avGetPixFmtName,
  type Codec,
  type CodecContext,
  FormatContext,
  Frame,
  type Packet,
  Rational,
  type Stream,
} from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import type { CodecOptions } from '../core/plan.ts';
import type { DeviceContexts } from './device.ts';
import { openEncoder } from './encoder.ts';
import { must } from './ffmpeg.ts';
import { FilterChain, pictureShape, pictureSource } from './filter.ts';
import { bestFormat, memoryFormats } from './upload.ts';

export interface FilmShape {
  width: number;
  height: number;
  pictures: number;
}

export interface FilmSetup {
  name: string;
  codec: Codec;
  devices: DeviceContexts;
  shape: FilmShape;
  options: CodecOptions;
}

/** An encoded film, and the stream that it would be in a file. */
export class Sample implements Disposable {
  readonly packets: Packet[] = [];
  readonly stream: Stream;
  readonly #format = new FormatContext();

  constructor(context: CodecContext) {
    this.#format.allocContext();
    this.stream = this.#format.newStream(null);
    this.stream.timeBase = context.timeBase;
    must(this.stream.codecpar.fromContext(context), 'describe the stream of a trial');
  }

  [Symbol.dispose](): void {
    for (const packet of this.packets) packet.free();
    this.#format.freeContext();
  }
}

const FRAMES_PER_SECOND = 25;

/** Throws `encoder_unavailable` and whatever else keeps an encoder from encoding. */
export function encodeFilm({ name, codec, devices, shape, options }: FilmSetup): Sample {
  const { width, height } = shape;
  const formats = memoryFormats(codec);
  const painted = avGetPixFmtFromName('yuv420p');
  const format = formats.length > 0 ? bestFormat(formats, painted) : painted;
  using encoder = openEncoder({
    name,
    options,
    globalHeader: false,
    devices,
    configure: (context: CodecContext) => {
      context.width = width;
      context.height = height;
      context.pixelFormat = format;
      context.timeBase = new Rational(1, FRAMES_PER_SECOND);
      context.framerate = new Rational(FRAMES_PER_SECOND, 1);
    },
  });
  const sample = new Sample(encoder.context);
  try {
    const keep = (packet: Packet) => sample.packets.push(packet.clone() as Packet);
    using frame = new Frame();
    frame.alloc();
    frame.width = width;
    frame.height = height;
    frame.format = painted;
    must(frame.getBuffer(0), 'get room for a picture');
    using chain =
      format === painted
        ? null
        : new FilterChain(
            pictureSource(pictureShape(frame), { num: 1, den: FRAMES_PER_SECOND }),
            [`format=${avGetPixFmtName(format)}`],
            1,
          );
    for (let number = 0; number < shape.pictures; number++) {
      // The encoder may still look at the last one.
      must(frame.makeWritable(), 'get room for a picture');
      must(frame.fromBuffer(paint(shape, number)), 'fill a picture');
      frame.pts = BigInt(number);
      if (chain) chain.push(frame, (made) => encoder.encode(made, keep));
      else encoder.encode(frame, keep);
    }
    encoder.encode(null, keep);
    if (sample.packets.length === 0)
      throw new MillError('encoder_unavailable', 'it opened, but gave nothing');
    return sample;
  } catch (error) {
    sample[Symbol.dispose]();
    throw error;
  }
}

/** Of 4:2:0 in three planes: a textured gradient that moves one way, and a square of it that moves another way. */
function paint({ width, height }: FilmShape, number: number): Buffer {
  const picture = Buffer.alloc((width * height * 3) / 2);
  const side = height / 2;
  let at = 0;
  for (const [plane, step] of [1, 2, 2].entries()) {
    for (let y = 0; y < height; y += step) {
      for (let x = 0; x < width; x += step) {
        const inSquare = Math.abs(x - 8 * number - side / 2) < side / 2 && Math.abs(y - side) < side / 2;
        const [alongX, alongY] = inSquare ? [x - 8 * number, y + 5] : [x + 3 * number, y + 2 * number];
        picture[at++] = plane === 0 ? luma(alongX, alongY) : chroma(plane, alongX, alongY);
      }
    }
  }
  return picture;
}

function luma(x: number, y: number): number {
  const gradient = (x + 2 * y) & 127;
  const texture = ((x * 29) ^ (y * 53)) & 63;
  return 24 + gradient + texture;
}

function chroma(plane: number, x: number, y: number): number {
  return 64 + ((plane === 1 ? x + (y >> 1) : y - (x >> 2)) & 127);
}
