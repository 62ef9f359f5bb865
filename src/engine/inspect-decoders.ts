/**
 * Which codecs the devices of this machine decode: found by decoding on them, just as a job does, what the test
 * encodes made. Decoding of these codecs is exact by their specifications, so every sample of every picture must be
 * what software makes of it. A device that gets one of them wrong is trusted with none.
 */
import { avGetPixFmtName, Frame, type Stream } from 'node-av/lib';
import { DEVICE_KINDS, type DeviceKind, decoderName } from '../core/devices.ts';
import { MillError } from '../core/errors.ts';
import { type Decoder, StreamDecoder } from './decoder.ts';
import type { DecodingDevice } from './device-decoder.ts';
import type { Sample } from './trial-film.ts';

export interface DecoderReport {
  /** Such as `nvdec`. */
  name: string;
  /** Codecs that are decoded on it; none when any of them comes out differently. */
  codecs: string[];
  /** Codecs that come out differently than in software. */
  differs: string[];
  /** Why it decodes nothing; null when it does. */
  reason: string | null;
}

/** Null where the kind decodes nothing. */
export type OpenDevice = (stream: Stream, codec: string, kind: DeviceKind) => DecodingDevice | null;

/** `samples` by the name of their codec. */
export function inspectDecoders(samples: ReadonlyMap<string, Sample>, open: OpenDevice): DecoderReport[] {
  const expected = softwarePictures();
  return DEVICE_KINDS.flatMap((kind) => {
    const trials = [...samples].flatMap(([codec, sample]) => {
      const device = open(sample.stream, codec, kind);
      return device ? [{ codec, ...tryOn(device, sample, expected) }] : [];
    });
    return trials.length === 0 ? [] : [{ name: decoderName(kind), ...judged(trials) }];
  });
}

interface Trial {
  codec: string;
  outcome: 'same' | 'differs' | 'refused';
  /** Empty when nothing is wrong. */
  why: string;
}

function judged(trials: readonly Trial[]): Omit<DecoderReport, 'name'> {
  const codecs = (wanted: Trial['outcome']) =>
    trials.flatMap(({ codec, outcome }) => (outcome === wanted ? [codec] : []));
  const wrong = trials.find(({ outcome }) => outcome === 'differs');
  if (wrong) {
    const reason = `${wrong.codec} comes out differently than in software: ${wrong.why}`;
    return { codecs: [], differs: codecs('differs'), reason };
  }
  const same = codecs('same');
  return { codecs: same, differs: [], reason: same.length > 0 ? null : (trials[0]?.why ?? null) };
}

function tryOn(
  device: DecodingDevice,
  sample: Sample,
  expected: (sample: Sample) => Picture[],
): Omit<Trial, 'codec'> {
  try {
    const pictures = picturesOf(sample, device.open(), (from, to) => device.fetch(from, to));
    if (typeof pictures === 'string') return { outcome: 'refused', why: pictures };
    const why = difference(pictures, expected(sample));
    return why === null ? { outcome: 'same', why: '' } : { outcome: 'differs', why };
  } catch (error) {
    if (!(error instanceof MillError)) throw error;
    return { outcome: 'refused', why: error.message.replace(/\.$/, '') };
  }
}

interface Picture {
  pts: bigint;
  width: number;
  height: number;
  format: string;
  samples: Buffer;
}

/** Decoded when a device first has something to be compared with it. */
function softwarePictures(): (sample: Sample) => Picture[] {
  const known = new Map<Sample, Picture[]>();
  return (sample) => {
    const pictures =
      known.get(sample) ??
      picturesOf(sample, new StreamDecoder(sample.stream, { threads: 1 }), (from, to) => {
        to.unref();
        return to.ref(from) < 0 ? 'there is no memory' : null;
      });
    if (typeof pictures === 'string')
      throw new MillError('engine_failed', `Software could not decode the trial: ${pictures}.`);
    known.set(sample, pictures);
    return pictures;
  };
}

/** All pictures in the order they are shown, or why there are none to be had. Disposes of the decoder. */
function picturesOf(
  { packets }: Sample,
  decoder: Decoder,
  fetch: DecodingDevice['fetch'],
): Picture[] | string {
  using open = decoder;
  using here = new Frame();
  here.alloc();
  const pictures: Picture[] = [];
  let trouble: string | null = null;
  for (const packet of [...packets, null]) {
    open.decode(packet, (frame) => {
      trouble ??= fetch(frame, here);
      if (trouble === null) pictures.push(pictureOf(here));
    });
    if (trouble !== null) return trouble;
    if (open.errors > 0) return 'the decoder complained';
  }
  return pictures.length > 0 ? pictures : 'it gave no picture';
}

/** What hardware has in two planes is brought to three, which changes no sample. */
function pictureOf(frame: Frame): Picture {
  const { pts, width, height } = frame;
  const format = avGetPixFmtName(frame.format as Parameters<typeof avGetPixFmtName>[0]) ?? 'unknown';
  const samples = frame.toBuffer();
  return format === 'nv12'
    ? { pts, width, height, format: 'yuv420p', samples: inThreePlanes(samples, width * height) }
    : { pts, width, height, format, samples };
}

function inThreePlanes(picture: Buffer, chroma: number): Buffer {
  const made = Buffer.from(picture);
  const size = (picture.length - chroma) / 2;
  for (let at = 0; at < size; at++) {
    made[chroma + at] = picture[chroma + 2 * at] as number;
    made[chroma + size + at] = picture[chroma + 2 * at + 1] as number;
  }
  return made;
}

/** The first; null when there is none. */
function difference(pictures: readonly Picture[], expected: readonly Picture[]): string | null {
  for (const [index, wanted] of expected.entries()) {
    const given = pictures[index];
    if (!given) break;
    const which = `picture ${index + 1} of ${expected.length}`;
    if (given.width !== wanted.width || given.height !== wanted.height)
      return `${which} is ${given.width}×${given.height} and not ${wanted.width}×${wanted.height}`;
    if (given.format !== wanted.format) return `${which} is ${given.format} and not ${wanted.format}`;
    if (given.pts !== wanted.pts) return `${which} has another timestamp`;
    if (!given.samples.equals(wanted.samples)) return `${which} is not the same`;
  }
  return pictures.length === expected.length
    ? null
    : `${pictures.length} pictures and not ${expected.length}`;
}
