/**
 * Decoding on a device that refuses, stumbles or is lost. The device is FFmpeg's own decoder in disguise, with faults
 * where the test wants them; whatever happens, the frames must be those of a decoder in software.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Frame, Packet, type Stream } from 'node-av/lib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import type { MediaOutput } from '../../src/core/plan.ts';
import { type Decoder, StreamDecoder } from '../../src/engine/decoder.ts';
import { DeviceContexts } from '../../src/engine/device.ts';
import { type DecodingDevice, DeviceDecoder } from '../../src/engine/device-decoder.ts';
import type { ChooseDecoder } from '../../src/engine/device-decoding.ts';
import { FilterChain, pictureShape, pictureSource } from '../../src/engine/filter.ts';
import { KeptPackets } from '../../src/engine/kept-packets.ts';
import { readPass } from '../../src/engine/pass.ts';
import { probe } from '../../src/engine/probe.ts';
import { ProgressMeter } from '../../src/engine/progress.ts';
import { openSource } from '../../src/engine/source.ts';
import { MediaTap } from '../../src/engine/taps/media.ts';
import { compareVideos } from '../decode/index.ts';
import { counterVideo, flipBits, openGopVideo, type VideoOptions } from '../fixtures/media/index.ts';
import { testFolder } from '../jobs/harness.ts';

interface Shown {
  pts: bigint;
  picture: string;
}

interface Faults {
  /** There is no such device. */
  missing?: boolean;
  /** Picture that cannot be fetched, by its number. */
  lost?: number;
  /** Packet that makes the driver complain, by its number. */
  complains?: number;
  /** Timestamp that the device makes up for one picture, before it cannot fetch the next. */
  lies?: number;
}

const FRAMES = 36;

/** A device that works but for its faults, and what it was seen to do. */
function deviceOf(stream: Stream, { missing, lost, complains, lies }: Faults) {
  let fetched = 0;
  let fed = 0;
  const device: DecodingDevice = {
    name: 'pretended',
    open() {
      if (missing) throw new MillError('encoder_unavailable', 'No pretended device could be opened: gone.');
      const inner = new StreamDecoder(stream, { threads: 1 });
      let complaints = 0;
      return {
        get frames() {
          return inner.frames;
        },
        get errors() {
          return inner.errors + complaints;
        },
        decode(packet, visit) {
          if (fed++ === complains) complaints++;
          inner.decode(packet, visit);
        },
        [Symbol.dispose]: () => inner[Symbol.dispose](),
      };
    },
    fetch(from, to) {
      const number = fetched++;
      if (number === lost || number - 1 === lies) return 'it fell off the bus';
      to.unref();
      to.ref(from);
      if (number === lies) to.pts = from.pts + 1n;
      return null;
    },
  };
  return device;
}

/** Everything that comes out of the video of a file. */
async function decodeAll(path: string, open: (stream: Stream) => Decoder) {
  using source = await openSource(path);
  const stream = source.format.streams[0] as Stream;
  using decoder = open(stream);
  const shown: Shown[] = [];
  const visit = (frame: Frame) => {
    const picture = createHash('sha1').update(frame.toBuffer()).digest('hex');
    shown.push({ pts: frame.pts, picture });
  };
  using packet = new Packet();
  packet.alloc();
  while (source.read(packet) >= 0) {
    if (packet.streamIndex === 0) decoder.decode(packet, visit);
    packet.unref();
  }
  decoder.decode(null, visit);
  expect(decoder.frames).toBe(shown.length);
  return { shown, errors: decoder.errors };
}

const software = (path: string, threads = 2) =>
  decodeAll(path, (stream) => new StreamDecoder(stream, { threads }));

async function onDevice(path: string, faults: Faults = {}, kept = new KeptPackets(), threads = 2) {
  const reasons: string[] = [];
  const outcome = await decodeAll(
    path,
    (stream) =>
      new DeviceDecoder({
        device: deviceOf(stream, faults),
        software: () => new StreamDecoder(stream, { threads }),
        leaves: (why) => reasons.push(why),
        kept,
      }),
  );
  return { ...outcome, reasons };
}

const clips: [name: string, make: () => Promise<string>][] = [
  ['H.264 with B-frames', () => clip({ codec: 'h264', bFrames: 3 })],
  ['H.264 with open groups', () => openGop('h264')],
  ['HEVC with open groups', () => openGop('hevc')],
  ['H.264 of variable rate in a transport stream', () => clip({ container: 'ts', vfr: true, bFrames: 2 })],
  ['H.264 with one key frame', () => clip({ codec: 'h264', gop: 250, bFrames: 2 })],
  ['H.264 of key frames only', () => clip({ codec: 'h264', gop: 1, bFrames: 0 })],
  ['VP9', () => clip({ codec: 'vp9' })],
  ['AV1', () => clip({ codec: 'av1' })],
];
/** Small: some of them are decoded fifty times. */
const SIZE = { width: 96, height: 64 };
const clip = (options: VideoOptions) => counterVideo({ ...SIZE, frames: FRAMES, gop: 12, ...options });
const openGop = (codec: 'h264' | 'hevc') =>
  openGopVideo({ ...SIZE, codec, frames: FRAMES, gop: 12, bFrames: 3, openGop: true });

describe.each(clips)('%s', (_, make) => {
  it('comes whole from a device that works', async () => {
    const path = await make();
    const { shown, errors, reasons } = await onDevice(path);
    expect(reasons).toEqual([]);
    expect(errors).toBe(0);
    expect(shown).toEqual((await software(path)).shown);
    expect(shown).toHaveLength(FRAMES);
  });

  it('is the same wherever the device loses a picture', async () => {
    const path = await make();
    const { shown } = await software(path);
    for (let lost = 0; lost < FRAMES; lost++) {
      const run = await onDevice(path, { lost });
      expect(run.reasons, `picture ${lost}`).toEqual(['it fell off the bus']);
      expect(run.shown, `picture ${lost}`).toEqual(shown);
      expect(run.errors, `picture ${lost}`).toBe(0);
    }
  });

  it('is the same whatever packet the driver complains of, the end included', async () => {
    const path = await make();
    const { shown } = await software(path);
    for (let complains = 0; complains <= FRAMES; complains += 3) {
      const run = await onDevice(path, { complains });
      expect(run.reasons, `packet ${complains}`).toEqual(['the decoder complained']);
      expect(run.shown, `packet ${complains}`).toEqual(shown);
      expect(run.errors, `packet ${complains}`).toBe(0);
    }
  });
});

it('a device that is not there costs nothing', async () => {
  const path = await clip({});
  const { shown, reasons } = await onDevice(path, { missing: true });
  expect(reasons).toEqual(['No pretended device could be opened: gone']);
  expect(shown).toEqual((await software(path)).shown);
});

it('damage is what software makes of it', async () => {
  // With several threads FFmpeg does not notice all of it.
  const path = await flipBits(await clip({ bFrames: 2 }), 5, 30, { from: 0.3, to: 0.9 });
  const { shown, errors } = await software(path, 1);
  expect(errors).toBeGreaterThan(2);
  const run = await onDevice(path, {}, new KeptPackets(), 1);
  expect(run.reasons).toHaveLength(1);
  expect(run.shown).toEqual(shown);
  expect(run.errors).toBe(errors);
});

it('key frames that are far apart are not waited for: what is kept stays small', async () => {
  const path = await clip({ gop: 250 });
  const { shown, reasons } = await onDevice(path, {}, new KeptPackets(2000));
  expect(reasons).toEqual(['its key frames are too far apart']);
  expect(shown).toEqual((await software(path)).shown);
});

it("what software makes of pictures before the key frame it begins at is nobody's", async () => {
  const path = await openGop('hevc');
  const run = await decodeAll(path, (stream) => {
    const inner = new StreamDecoder(stream, { threads: 1 });
    let complaints = 0;
    const eager: Decoder = {
      get frames() {
        return inner.frames;
      },
      get errors() {
        return inner.errors + complaints;
      },
      decode(packet, visit) {
        inner.decode(packet, (frame) => {
          if (complaints === 0) {
            complaints = 1;
            frame.pts -= 1n;
            visit(frame);
            frame.pts += 1n;
          }
          visit(frame);
        });
      },
      [Symbol.dispose]: () => inner[Symbol.dispose](),
    };
    const device = deviceOf(stream, { lost: 20 });
    return new DeviceDecoder({ device, software: () => eager, leaves() {} });
  });
  expect(run.shown).toEqual((await software(path)).shown);
  expect(run.errors).toBe(0);
});

it('what was shown before a key frame is not kept', async () => {
  const path = await clip({ gop: 6, bFrames: 0 });
  const kept = new KeptPackets();
  let most = 0;
  await decodeAll(path, (stream) => {
    const decoder = new DeviceDecoder({
      device: deviceOf(stream, {}),
      software: () => new StreamDecoder(stream, { threads: 1 }),
      leaves() {},
      kept,
    });
    return {
      get frames() {
        return decoder.frames;
      },
      errors: 0,
      decode(packet, visit) {
        decoder.decode(packet, visit);
        most = Math.max(most, kept.packets.length);
      },
      [Symbol.dispose]: () => decoder[Symbol.dispose](),
    };
  });
  expect(most).toBeLessThan(2 * 6);
  expect(kept.packets).toEqual([]);
});

it('a device that gave other frames than software does ends in a failure that names it', async () => {
  const path = await clip({ bFrames: 0 });
  for (const lies of [1, 14, FRAMES - 2])
    await expect(onDevice(path, { lies }), `picture ${lies}`).rejects.toMatchObject({
      code: 'engine_failed',
      message: expect.stringMatching(/pretended .* other frames/),
    });
});

it('what goes wrong with the frames outside is no fault of the device', async () => {
  using source = await openSource(await clip({}));
  const stream = source.format.streams[0] as Stream;
  const reasons: string[] = [];
  using decoder = new DeviceDecoder({
    device: deviceOf(stream, {}),
    software: () => new StreamDecoder(stream, { threads: 1 }),
    leaves: (why) => reasons.push(why),
  });
  using packet = new Packet();
  packet.alloc();
  const full = () => {
    throw new MillError('disk_full');
  };
  expect(() => {
    while (source.read(packet) >= 0) decoder.decode(packet, full);
  }).toThrow(expect.objectContaining({ code: 'disk_full' }));
  expect(reasons).toEqual([]);
});

describe('a film whose pictures come in another format once the device is lost', () => {
  /** Every picture as hardware has it: its chroma in one plane. */
  function inTwoPlanes(device: DecodingDevice): DecodingDevice {
    let chain: FilterChain | null = null;
    const lent = new Frame();
    lent.alloc();
    onTestFinished(() => {
      chain?.[Symbol.dispose]();
      lent.free();
    });
    return {
      ...device,
      fetch(from, to) {
        const why = device.fetch(from, lent);
        if (why !== null) return why;
        chain ??= new FilterChain(
          pictureSource(pictureShape(lent), { num: 1, den: 1000 }),
          ['format=nv12'],
          1,
        );
        to.unref();
        chain.push(lent, (made) => to.ref(made));
        to.pts = lent.pts;
        return null;
      },
    };
  }

  it.each([
    ['as it is', null],
    ['smaller', { width: 48, height: 32 }],
  ])('is whole, and the same: %s', async (_, size) => {
    const path = await clip({ bFrames: 2 });
    const facts = await probe(path);
    const film = async (chooseDecoder?: ChooseDecoder) => {
      const work = await testFolder();
      using source = await openSource(path);
      using hardware = new DeviceContexts();
      const plan: MediaOutput = {
        kind: 'media',
        file: 'out.mkv',
        tracks: [
          {
            kind: 'video',
            stream: 0,
            encoder: 'libx264',
            options: { qp: 0, preset: 'ultrafast' },
            size,
            pixel_format: 'source',
          },
        ],
        dropped: [],
        metadata: 'keep',
        chapters: 'keep',
      };
      using tap = new MediaTap(plan, { source, facts, work, threads: 1, hardware, marks: new Map() });
      await readPass(source, [tap], {
        threads: () => 1,
        decoderOptions: () => ({}),
        ...(chooseDecoder && { chooseDecoder }),
        watch: () => false,
        signal: new AbortController().signal,
        meter: new ProgressMeter(() => {}, 0, null),
      });
      const { warnings } = await tap.finish();
      expect(warnings).toEqual([]);
      return join(work, 'out.mkv');
    };
    const reasons: string[] = [];
    const lost = await film((stream, software) => {
      const device = inTwoPlanes(deviceOf(stream, { lost: 20 }));
      return new DeviceDecoder({ device, software, leaves: (why) => reasons.push(why) });
    });
    expect(reasons).toHaveLength(1);
    const { frames, mean, largest_shift_s } = await compareVideos(await film(), lost);
    expect(frames).toEqual([FRAMES, FRAMES]);
    expect(largest_shift_s).toBe(0);
    if (size === null) expect(mean).toBe(1);
    else expect(mean).toBeGreaterThan(0.995);
  });
});
