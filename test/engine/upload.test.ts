/**
 * Pictures onto a device and back. The device is real to FFmpeg: Vulkan, where need be on the processor (lavapipe),
 * which holds pictures but encodes and decodes none.
 */
import { existsSync, readdirSync } from 'node:fs';
import {
  AV_FRAME_DATA_CONTENT_LIGHT_LEVEL,
  AV_FRAME_DATA_MASTERING_DISPLAY_METADATA,
  AV_HWDEVICE_TYPE_CUDA,
  AV_HWDEVICE_TYPE_VULKAN,
} from 'node-av/constants';
import {
  avGetPixFmtFromName,
  avGetPixFmtName,
  Codec,
  CodecContext,
  Frame,
  Packet,
  Rational,
  type Stream,
} from 'node-av/lib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MediaOutput } from '../../src/core/plan.ts';
import { StreamDecoder } from '../../src/engine/decoder.ts';
import { DeviceContexts } from '../../src/engine/device.ts';
import { fetchPicture } from '../../src/engine/device-decoding.ts';
import { Encoder, findEncoder, openEncoder } from '../../src/engine/encoder.ts';
import { execute, probe } from '../../src/engine/index.ts';
import { openSource } from '../../src/engine/source.ts';
import { memoryFormats, Upload } from '../../src/engine/upload.ts';
import { compareVideos } from '../decode/index.ts';
import { counterVideo, hdrVideo } from '../fixtures/media/index.ts';
import { failJob, testFolder } from '../jobs/harness.ts';

const DRIVERS = '/usr/share/vulkan/icd.d';
const missing =
  existsSync(DRIVERS) && readdirSync(DRIVERS).length > 0 ? null : 'no Vulkan (mesa-vulkan-drivers) here';

function devicesOfTest(): DeviceContexts {
  const devices = new DeviceContexts();
  onTestFinished(() => devices[Symbol.dispose]());
  return devices;
}

/** A picture that no two rows of are alike. */
function noise(format: 'nv12' | 'p010le', width: number, height: number): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.width = width;
  frame.height = height;
  frame.format = avGetPixFmtFromName(format);
  frame.getBuffer(0);
  let seed = 7;
  for (const plane of frame.data ?? []) {
    for (let i = 0; i < plane.length; i++) {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      plane[i] = seed >> 16;
    }
  }
  frame.pts = 1234n;
  frame.duration = 40n;
  frame.colorSpace = 9 as typeof frame.colorSpace;
  frame.colorTrc = 16 as typeof frame.colorTrc;
  frame.colorPrimaries = 9 as typeof frame.colorPrimaries;
  frame.colorRange = 1 as typeof frame.colorRange;
  frame.sampleAspectRatio = new Rational(4, 3);
  onTestFinished(() => frame.free());
  return frame;
}

function contextOf(
  encoder: string,
  { width, height, format }: Frame,
): { codec: Codec; context: CodecContext } {
  const codec = findEncoder(encoder);
  const context = new CodecContext();
  context.allocContext3(codec);
  context.width = width;
  context.height = height;
  context.pixelFormat = format as typeof context.pixelFormat;
  onTestFinished(() => context.freeContext());
  return { codec, context };
}

function back(there: Frame): Frame {
  const here = new Frame();
  here.alloc();
  expect(fetchPicture(there, here)).toBeNull();
  onTestFinished(() => here.free());
  return here;
}

const told = ({
  pts,
  duration,
  colorSpace,
  colorTrc,
  colorPrimaries,
  colorRange,
  sampleAspectRatio,
}: Frame) => ({
  pts,
  duration,
  colors: [colorSpace, colorTrc, colorPrimaries, colorRange],
  aspect: [sampleAspectRatio.num, sampleAspectRatio.den],
});

describe.skipIf(missing !== null)(missing ?? 'Vulkan', () => {
  it.each([
    ['nv12', 256, 256],
    ['nv12', 322, 182],
    ['p010le', 1920, 1080],
  ] as const)('%s of %i×%i comes back as it went, with all that is known of it', (format, width, height) => {
    const picture = noise(format, width, height);
    const { codec, context } = contextOf('hevc_vulkan', picture);
    const upload = Upload.forEncoder(context, codec, devicesOfTest()) as Upload;
    onTestFinished(() => upload[Symbol.dispose]());
    expect(avGetPixFmtName(context.pixelFormat)).toBe('vulkan');
    // Twice: the second picture must not be the first.
    const other = noise(format, width, height);
    other.data?.[0]?.fill(80);
    other.pts = 5n;
    for (const each of [picture, other, picture]) {
      const there = upload.take(each);
      expect(there.isHwFrame()).toBe(true);
      const here = back(there);
      expect(avGetPixFmtName(here.format as never)).toBe(format);
      expect(here.toBuffer().equals(each.toBuffer())).toBe(true);
      expect(told(here)).toEqual(told(each));
    }
  });

  it('what a film says of its light comes back, too', async () => {
    using source = await openSource(await hdrVideo({ frames: 2, hdr: 'hdr10' }));
    using decoder = new StreamDecoder(source.format.streams[0] as Stream, { threads: 1 });
    using packet = new Packet();
    packet.alloc();
    const kinds = [AV_FRAME_DATA_MASTERING_DISPLAY_METADATA, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL];
    const light = (frame: Frame) => kinds.map((kind) => frame.getSideData(kind)?.toString('hex'));
    let compared = 0;
    const visit = (frame: Frame) => {
      const { codec, context } = contextOf('hevc_vulkan', frame);
      using upload = Upload.forEncoder(context, codec, devicesOfTest()) as Upload;
      const here = back(upload.take(frame));
      expect(light(frame)[0]).toBeDefined();
      expect(light(here)).toEqual(light(frame));
      expect(told(here)).toEqual(told(frame));
      expect(here.toBuffer().equals(frame.toBuffer())).toBe(true);
      compared++;
    };
    while (source.read(packet) >= 0) {
      decoder.decode(packet, visit);
      packet.unref();
    }
    decoder.decode(null, visit);
    expect(compared).toBe(2);
  });

  it('an encoder gets what went over the device', () => {
    const picture = noise('nv12', 320, 180);
    const devices = devicesOfTest();
    const { codec, context } = contextOf('h264_vulkan', picture);
    const upload = Upload.forEncoder(context, codec, devices) as Upload;
    const encode = (encoder: Encoder) => {
      const packets: string[] = [];
      for (const frame of [picture, null])
        encoder.encode(frame, ({ pts, data }) => packets.push(`${pts} ${data?.toString('base64')}`));
      encoder[Symbol.dispose]();
      return packets;
    };
    const lossless = () =>
      openEncoder({
        name: 'libx264',
        options: { qp: 0, threads: 1 },
        globalHeader: false,
        configure: (context) => {
          context.width = picture.width;
          context.height = picture.height;
          context.pixelFormat = picture.format as typeof context.pixelFormat;
          context.timeBase = new Rational(1, 25);
        },
      });
    const plain = encode(lossless());
    expect(plain).toHaveLength(1);
    const way = {
      take: (frame: Frame) => back(upload.take(frame)),
      [Symbol.dispose]: () => upload[Symbol.dispose](),
    };
    expect(encode(new Encoder(lossless().context, 'libx264', way))).toEqual(plain);
  });

  it('is opened once, and so is what cannot be', () => {
    const devices = devicesOfTest();
    expect(devices.open(AV_HWDEVICE_TYPE_VULKAN)).toBe(devices.open(AV_HWDEVICE_TYPE_VULKAN));
    const tries = [1, 2].map(() => {
      try {
        return devices.open(AV_HWDEVICE_TYPE_CUDA);
      } catch (error) {
        return error;
      }
    });
    expect(tries[0]).toBe(tries[1]);
  });

  it.each([
    ['h264', () => counterVideo({ width: 1280, height: 720, frames: 12, bFrames: 2 })],
    ['hevc', () => counterVideo({ width: 1280, height: 720, frames: 12, codec: 'hevc', bFrames: 2 })],
    ['av1', () => counterVideo({ width: 1280, height: 720, frames: 12, codec: 'av1' })],
  ])(
    'a device that is granted and refuses: %s is decoded and encoded in software, whole',
    async (_, make) => {
      const source = await make();
      const made = async (decodeOn?: 'vulkan') => {
        const [work, facts] = [await testFolder(), await probe(source)];
        const output: MediaOutput = {
          kind: 'media',
          file: 'out.mkv',
          tracks: [
            {
              kind: 'video',
              stream: 0,
              encoder: 'h264_vulkan',
              options: {},
              fallback: [{ encoder: 'libx264', options: { qp: 0, preset: 'ultrafast' } }],
              size: null,
              pixel_format: 'source',
            },
          ],
          dropped: [],
          metadata: 'keep',
          chapters: 'keep',
        };
        const said: string[] = [];
        const [result] = await execute(
          { inputs: [], outputs: [output] },
          {
            source,
            facts,
            work,
            threads: 2,
            decodeOn,
            signal: new AbortController().signal,
            progress() {},
            log: (_level, text) => said.push(text),
          },
        );
        return { path: `${work}/out.mkv`, said, warnings: result?.warnings };
      };
      const [granted, not] = [await made('vulkan'), await made()];
      expect(granted.said).toEqual([
        expect.stringMatching(/^Stream 0 is decoded in software and not on vulkan: .+\.$/),
      ]);
      expect(not.said).toEqual([]);
      expect(granted.warnings).toEqual(not.warnings);
      expect(granted.warnings?.[0]).toMatch(/^The encoder h264_vulkan .+ libx264 was used instead\.$/);
      const { frames, mean, largest_shift_s } = await compareVideos(not.path, granted.path);
      expect(frames).toEqual([12, 12]);
      expect(mean).toBe(1);
      expect(largest_shift_s).toBe(0);
    },
  );
});

describe('what encoders of devices are given', () => {
  it.each([
    ['hevc_vaapi', ['nv12', 'p010le']],
    ['av1_vaapi', ['nv12', 'p010le']],
    ['h264_vaapi', ['nv12']],
    ['h264_qsv', ['nv12']],
  ])('%s', (encoder, formats) => {
    const found = Codec.findEncoderByName(encoder as never);
    if (!found) return;
    expect(memoryFormats(found).map((format) => avGetPixFmtName(format))).toEqual(formats);
  });

  it('a format of pictures on a device is nothing to ask for', async () => {
    const { detail } = await failJob(
      'transcode_h264_to_h265',
      { input: await counterVideo(), target: 'a.mp4', params: { codec: 'hevc_nvenc', pix_fmt: 'cuda' } },
      'invalid_params',
    );
    expect(detail).toMatch(/^"pix_fmt": hevc_nvenc does not take cuda; it takes yuv420p, .+\.$/);
  });
});
