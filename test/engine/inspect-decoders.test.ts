/**
 * Which devices are trusted with decoding. The device is FFmpeg's own decoder in disguise, with faults where the test
 * wants them.
 */
import { AV_PICTURE_TYPE_B, AV_PICTURE_TYPE_I, AV_PICTURE_TYPE_P } from 'node-av/constants';
import { Frame, type Stream } from 'node-av/lib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import { StreamDecoder } from '../../src/engine/decoder.ts';
import { DeviceContexts } from '../../src/engine/device.ts';
import type { DecodingDevice } from '../../src/engine/device-decoder.ts';
import { findEncoder } from '../../src/engine/encoder.ts';
import { captureLog } from '../../src/engine/ffmpeg.ts';
import { FilterChain, pictureShape, pictureSource } from '../../src/engine/filter.ts';
import { inspectDecoders } from '../../src/engine/inspect-decoders.ts';
import type { Sample } from '../../src/engine/trial-film.ts';
import { Samples } from '../../src/engine/trial-samples.ts';

const CODECS = ['h264', 'hevc', 'vp9', 'av1'];
const ENCODERS = ['libx264', 'libx265', 'libvpx-vp9', 'libsvtav1'];
const PICTURES = 12;

const samples = new Samples();
beforeAll(() => {
  process.env.SVT_LOG ??= '1';
  captureLog();
  using devices = new DeviceContexts();
  for (const name of ENCODERS) samples.encode(name, findEncoder(name), devices);
});
afterAll(() => samples[Symbol.dispose]());

/** What becomes of a picture on its way from the device, by its number; a reason if it cannot be fetched. */
type Change = (picture: Frame, number: number) => string | undefined;

interface Faults {
  change?: Change;
  missing?: boolean;
  /** Number of a picture that is never given. */
  swallows?: number;
  /** Complaints about the stream. */
  errors?: number;
}

function deviceOf(stream: Stream, { change, missing, swallows, errors = 0 }: Faults): DecodingDevice {
  let fetched = 0;
  let given = 0;
  return {
    name: 'pretended',
    open() {
      if (missing) throw new MillError('encoder_unavailable', 'No pretended device could be opened: gone.');
      const inner = new StreamDecoder(stream, { threads: 1 });
      return {
        frames: 0,
        errors,
        decode: (packet, visit) =>
          inner.decode(packet, (frame) => {
            if (given++ !== swallows) visit(frame);
          }),
        [Symbol.dispose]: () => inner[Symbol.dispose](),
      };
    },
    fetch(from, to) {
      to.unref();
      to.ref(from);
      to.makeWritable();
      return change?.(to, fetched++) ?? null;
    },
  };
}

/** The one device of a machine, with faults in one codec or in all of them. */
function inspect(faults: Faults, faulty: string | null = null) {
  const reports = inspectDecoders(samples, (stream, codec, kind) => {
    if (kind !== 'nvenc') return null;
    return deviceOf(stream, faulty === null || faulty === codec ? faults : {});
  });
  expect(reports).toHaveLength(1);
  return reports[0];
}

/** As hardware has it: both planes of chroma in one. */
function inTwoPlanes(): Change {
  const lent = new Frame();
  lent.alloc();
  onTestFinished(() => lent.free());
  return (picture) => {
    using chain = new FilterChain(
      pictureSource(pictureShape(picture), { num: 1, den: 25 }),
      ['format=nv12'],
      1,
    );
    const { pts } = picture;
    chain.push(picture, (made) => lent.ref(made));
    picture.unref();
    picture.ref(lent);
    picture.pts = pts;
    lent.unref();
    return undefined;
  };
}

/** One step of one sample of the last picture. */
const wrongBy =
  (plane: number): Change =>
  (picture, number) => {
    const data = picture.data?.[plane];
    if (data && number === PICTURES - 1) data[7] = (data[7] as number) ^ 1;
    return undefined;
  };

function pictures({ stream, packets }: Sample) {
  using decoder = new StreamDecoder(stream, { threads: 1 });
  const seen: { type: number; bytes: Buffer }[] = [];
  for (const packet of [...packets, null])
    decoder.decode(packet, (frame) => seen.push({ type: frame.pictType, bytes: frame.toBuffer() }));
  expect(decoder.errors).toBe(0);
  return seen;
}

describe.each(CODECS)('the trial of %s', (codec) => {
  it('has pictures with something in them, that move and are predicted', () => {
    const seen = pictures(samples.get(codec) as Sample);
    expect(seen).toHaveLength(PICTURES);
    expect(new Set(seen.map(({ bytes }) => bytes.toString('latin1'))).size).toBe(PICTURES);
    for (const { bytes } of seen) expect(new Set(bytes).size).toBeGreaterThan(100);
    const types = new Set(seen.map(({ type }) => type));
    expect(types).toContain(AV_PICTURE_TYPE_I);
    expect(types).toContain(AV_PICTURE_TYPE_P);
    // The others have no such type: what their pictures refer to is told by no header.
    if (codec === 'h264' || codec === 'hevc') expect(types).toContain(AV_PICTURE_TYPE_B);
  });

  it('tells a device that is wrong by one step in one sample, and that is trusted with nothing then', () => {
    for (const plane of [0, 1, 2])
      expect(inspect({ change: wrongBy(plane) }, codec), `plane ${plane}`).toEqual({
        name: 'nvdec',
        codecs: [],
        differs: [codec],
        reason: `${codec} comes out differently than in software: picture 12 of 12 is not the same`,
      });
  });
});

it('a device that agrees with software decodes all of it', () => {
  expect(inspect({})).toEqual({ name: 'nvdec', codecs: CODECS, differs: [], reason: null });
});

it('pictures in another order of planes are the same pictures, and no worse compared', () => {
  const change = inTwoPlanes();
  expect(inspect({ change })).toEqual({ name: 'nvdec', codecs: CODECS, differs: [], reason: null });
  const wrong: Change = (picture, number) => change(picture, number) ?? wrongBy(1)(picture, number);
  expect(inspect({ change: wrong }, 'vp9')).toMatchObject({ codecs: [], differs: ['vp9'] });
});

it.each<[string, Faults, RegExp]>([
  ['a picture too few', { swallows: PICTURES - 1 }, /: 11 pictures and not 12$/],
  ['a picture left out', { swallows: 4 }, /: picture 5 of 12 /],
  [
    'another size',
    {
      change: (picture) => {
        picture.height -= 2;
        return undefined;
      },
    },
    /: picture 1 of 12 is 328×262 and not 328×264$/,
  ],
  [
    'another timestamp',
    {
      change: (picture, number) => {
        if (number === 2) picture.pts += 1n;
        return undefined;
      },
    },
    /: picture 3 of 12 has another timestamp$/,
  ],
])('%s is a difference', (_, faults, reason) => {
  expect(inspect(faults, 'hevc')).toEqual({
    name: 'nvdec',
    codecs: [],
    differs: ['hevc'],
    reason: expect.stringMatching(reason),
  });
});

it.each<[string, Faults, string]>([
  ['cannot be opened', { missing: true }, 'No pretended device could be opened: gone'],
  [
    'loses a picture',
    { change: (_, number) => (number === 3 ? 'it fell off the bus' : undefined) },
    'it fell off the bus',
  ],
  ['complains', { errors: 1 }, 'the decoder complained'],
])('a device that %s takes no stream, or not that one', (_, faults, reason) => {
  expect(inspect(faults)).toEqual({ name: 'nvdec', codecs: [], differs: [], reason });
  expect(inspect(faults, 'av1')).toEqual({
    name: 'nvdec',
    codecs: ['h264', 'hevc', 'vp9'],
    differs: [],
    reason: null,
  });
});
