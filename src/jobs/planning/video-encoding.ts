/** How a job's video params become an encoder and its options. */
import { z } from 'zod';
import { DEVICE_KINDS, deviceKindOf } from '../../core/devices.ts';
import { MillError } from '../../core/errors.ts';
import { bitRate, codecOptions, type Steps, whole } from '../../core/fields.ts';
import type { CodecOptions, VideoTrack } from '../../core/plan.ts';
import { extensionOf } from '../../core/registry.ts';
import { containerOf, holds, isVideoCodec, VIDEO_EXTENSIONS } from './containers.ts';
import { TUNED } from './tuned.ts';

/** Order in which `hardware: "auto"` tries them. */
const HARDWARE_PREFERENCE = ['nvenc', 'qsv', 'videotoolbox', 'amf', 'vaapi'] as const;

/** Encoder families: the codec a container must hold, and its software encoder. */
const FAMILIES: { codec: string; prefix: string; software: string }[] = [
  { codec: 'hevc', prefix: 'hevc', software: 'libx265' },
  { codec: 'h264', prefix: 'h264', software: 'libx264' },
  { codec: 'av1', prefix: 'av1', software: 'libsvtav1' },
  { codec: 'vp9', prefix: 'vp9', software: 'libvpx-vp9' },
  { codec: 'vp8', prefix: 'vp8', software: 'libvpx' },
  { codec: 'mpeg2video', prefix: 'mpeg2', software: 'mpeg2video' },
  { codec: 'mjpeg', prefix: 'mjpeg', software: 'mjpeg' },
  { codec: 'theora', prefix: 'theora', software: 'libtheora' },
  { codec: 'webp', prefix: 'webp', software: 'libwebp' },
];
/** Encoders named after codecs that none of our containers lists; only Matroska takes them. */
const RARE_CODECS: ReadonlySet<string> = new Set([
  'apng',
  'cfhd',
  'cinepak',
  'dvvideo',
  'gif',
  'h261',
  'h263',
  'jpeg2000',
  'jpegls',
  'msmpeg4v2',
  'snow',
  'svq1',
  'utvideo',
  'wmv1',
  'wmv2',
]);

const X26X: ReadonlySet<string> = new Set(['libx264', 'libx265']);
const X26X_PRESETS =
  'ultrafast superfast veryfast faster fast medium slow slower veryslow placebo 0 1 2 3 4 5 6 7 8 9'.split(
    ' ',
  );
/** Presets by kind of hardware; the others have none. */
const HARDWARE_PRESETS: Record<string, readonly string[]> = {
  nvenc: 'default slow medium fast hp hq bd ll llhq llhp lossless losslesshp p1 p2 p3 p4 p5 p6 p7'.split(' '),
  qsv: 'veryfast faster fast medium slow slower veryslow'.split(' '),
  amf: 'speed balanced quality high_quality'.split(' '),
};
const X26X_CRF = 51;

/** From the fastest to the smallest, without the one that only wastes time. */
const X26X_STEPS = { values: X26X_PRESETS.slice(0, 9), usual: 'medium' };
const PRESET_STEPS: Steps = {
  by: 'codec',
  of: {
    libx264: X26X_STEPS,
    libx265: X26X_STEPS,
    libsvtav1: { values: Array.from({ length: 14 }, (_, index) => String(13 - index)), usual: '8' },
    ...Object.fromEntries(
      ['h264_nvenc', 'hevc_nvenc', 'av1_nvenc'].map((name) => [
        name,
        { values: ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'], usual: 'p4' },
      ]),
    ),
  },
};

/** FF_QP2LAMBDA. */
const QP2LAMBDA = 118;
/** Encoders whose constant quality is a quantiser: 1 to 31, less is better; Theora's is 0 to 10, more is better. */
const QUALITY_SCALES: [encoders: RegExp, quality: number][] = [
  [/^(mpeg4|libxvid|mpeg[12]video|mjpeg|msmpeg4.*|wmv[12]|flv|h263p?)$/, 3],
  [/^libtheora$/, 8],
];

export interface EncodingDefaults {
  codec: string;
  crf: number;
}

/** Fields of every job that encodes video. */
export function videoFields({ codec, crf }: EncodingDefaults) {
  return {
    codec: z
      .string()
      .regex(/^[a-z0-9_-]{2,32}$/, 'must be the name of an FFmpeg encoder, such as libx265')
      .default(codec)
      .meta({
        description: "FFmpeg's name of the video encoder.",
        group: 'video',
        examples: ['libx265', 'libx264', 'libsvtav1', 'hevc_nvenc'],
      }),
    bitrate: bitRate(
      { min: 1_000, max: 1_000_000_000 },
      {
        description: 'Average bit rate of the video. Switches constant quality (crf) off.',
        group: 'video',
        excludes: ['crf'],
      },
    ).optional(),
    crf: z
      .number()
      .min(0)
      .max(63)
      .optional()
      .meta({
        description: `Constant quality; lower is better and larger. x264 and x265 take 0 to ${X26X_CRF}, SVT-AV1 and VP9 0 to 63. Default ${crf} for ${codec}, the encoder's usual value for others.`,
        group: 'video',
        excludes: ['bitrate'],
      }),
    preset: z
      .string()
      .regex(/^[A-Za-z0-9]{1,16}$/, 'must be one of the presets of the encoder, such as medium')
      .optional()
      .meta({
        description:
          "Speed against size, by the encoder's own names. Default medium for x264, settings close to it for x265, 8 for SVT-AV1.",
        group: 'video',
        examples: ['fast', 'medium', 'slow'],
        steps: PRESET_STEPS,
      }),
    profile: z
      .string()
      .regex(/^[A-Za-z0-9:._-]{1,32}$/, 'must be the name of a profile, such as main10')
      .optional()
      .meta({
        description: 'Codec profile, such as main10. Default: what the pixel format needs.',
        group: 'advanced',
      }),
    pix_fmt: z
      .string()
      .regex(/^[a-z0-9]{2,24}$/, 'must be the name of a pixel format, such as yuv420p')
      .optional()
      .meta({
        description:
          "FFmpeg pixel format, such as yuv420p10le. Default: the source's chroma and depth where the encoder takes them; of RGB and grey, 4:2:0 in H.264 and H.265, as players show it.",
        group: 'advanced',
      }),
    deinterlace: z.boolean().default(false).meta({
      description:
        'Make whole pictures of the half pictures of interlaced video, as television and camcorders record it. Pictures that are whole already stay as they are.',
      group: 'video',
    }),
    gop: whole(
      { min: 1, max: 3000 },
      {
        description: "Most frames from key frame to key frame. Default: the encoder's own.",
        unit: 'frames',
        group: 'advanced',
      },
    ).optional(),
    hardware: z
      .enum(['auto', 'off', ...DEVICE_KINDS])
      .default('off')
      .meta({
        description:
          '`off` uses the encoder as named; `auto` prefers a hardware encoder of the same codec that works here and is free; any other word insists on encoders of that kind, and waits for one.',
        group: 'advanced',
      }),
    hardware_fallback: z.boolean().default(false).meta({
      description:
        'When the hardware encoder does not work, or is busy with other jobs, use the software one and say so in the warnings.',
      group: 'advanced',
    }),
    options: codecOptions({ encoder_field: 'codec' }).default({}),
  };
}

const shape = z.object(videoFields({ codec: 'libx265', crf: 26 }));
export type VideoParams = z.output<typeof shape>;

type EncodingOf = Pick<
  VideoTrack,
  'encoder' | 'fallback' | 'options' | 'pixel_format' | 'tag' | 'deinterlace'
>;

/** Throws `unsupported_output` when the container cannot hold the codec, `invalid_params` for a contradiction. */
export function videoEncoding(
  params: VideoParams,
  defaults: EncodingDefaults,
  extension: string,
): EncodingOf {
  if (params.bitrate !== undefined && params.crf !== undefined) {
    throw new MillError(
      'invalid_params',
      '"crf": cannot be given together with "bitrate"; choose one of them.',
      { facts: { problems: [{ field: 'crf' }] } },
    );
  }
  const codec = codecOf(params.codec);
  if (codec !== null && !holds(containerOf(extension).video, codec)) {
    throw new MillError(
      'unsupported_output',
      `A ${extension} file cannot hold ${codec} video. Choose another output extension or codec.`,
    );
  }
  const tried = encodersTried(params);
  const [first, ...fallback] = tried.map((encoder) => ({
    encoder,
    options: encoderOptions(encoder, params, defaults, tried),
  }));
  if (!first) throw new TypeError('There is always an encoder to try.');
  return {
    ...first,
    fallback,
    pixel_format: params.pix_fmt ?? 'source',
    ...(params.deinterlace && { deinterlace: true }),
    // Apple's players want hvc1; the default tag of FFmpeg is hev1.
    ...(codec === 'hevc' && ['.mp4', '.m4v', '.mov'].includes(extension) && { tag: 'hvc1' }),
  };
}

/** The input's own extension when its container can hold what is encoded, else .mp4. */
export function videoExtension({ codec }: { codec: string }, input: string | null): string {
  const own = input === null ? '' : extensionOf(input);
  if (!VIDEO_EXTENSIONS.includes(own)) return '.mp4';
  const made = codecOf(codec);
  return made === null || holds(containerOf(own).video, made) ? own : '.mp4';
}

/** FFmpeg's codec name of an encoder; null when the name says nothing, or is none. */
export function codecOf(encoder: string): string | null {
  const family = familyOf(encoder);
  if (family) return family.codec;
  return encoder === 'libx264rgb'
    ? 'h264'
    : encoder.startsWith('prores')
      ? 'prores'
      : isVideoCodec(encoder) || RARE_CODECS.has(encoder)
        ? encoder
        : null;
}

function familyOf(encoder: string) {
  return FAMILIES.find(({ software, prefix }) => encoder === software || encoder.startsWith(`${prefix}_`));
}

/** Encoders in the order they are tried. Throws `encoder_unavailable`. */
export function encodersTried({ codec, hardware, hardware_fallback }: VideoParams): string[] {
  const family = familyOf(codec);
  const own = deviceKindOf(codec);
  if (own !== null) return hardware_fallback && family ? [codec, family.software] : [codec];
  if (hardware === 'off') return [codec];
  if (!family)
    throw new MillError(
      'encoder_unavailable',
      `No hardware encoder is known that could stand in for ${codec}.`,
    );
  if (hardware === 'auto') return [...HARDWARE_PREFERENCE.map((kind) => `${family.prefix}_${kind}`), codec];
  return hardware_fallback ? [`${family.prefix}_${hardware}`, codec] : [`${family.prefix}_${hardware}`];
}

function encoderOptions(
  encoder: string,
  params: VideoParams,
  defaults: EncodingDefaults,
  tried: string[],
): CodecOptions {
  const { bitrate, preset, profile, gop } = params;
  const free = preset === undefined && Object.keys(params.options).length === 0;
  return {
    ...presetOption(encoder, preset, tried),
    ...(bitrate === undefined ? qualityOption(encoder, params.crf, defaults) : { b: bitrate }),
    ...(free && TUNED[encoder]),
    ...(profile !== undefined && { profile }),
    ...(gop !== undefined && { g: gop }),
    ...flatten(params.options),
  };
}

/**
 * Several encoders may be tried, and a preset means something to some of them only: the others take their usual
 * one. When none knows it, it is a mistake, of which the libraries would only say that they could not be opened.
 */
function presetOption(encoder: string, preset: string | undefined, tried: string[]): CodecOptions {
  const usual: CodecOptions = X26X.has(encoder)
    ? { preset: 'medium' }
    : encoder === 'libsvtav1'
      ? { preset: 8 }
      : {};
  if (preset === undefined) return usual;
  const knows = (name: string) => presetsOf(name)?.includes(preset) ?? true;
  if (knows(encoder)) return { preset };
  if (tried.some(knows)) return usual;
  const presets = presetsOf(tried.at(-1) ?? encoder) ?? [];
  throw new MillError('invalid_params', `"preset": ${tried.at(-1)} takes ${presets.join(', ') || 'none'}.`);
}

/** Null when nobody here knows. */
function presetsOf(encoder: string): readonly string[] | null {
  if (X26X.has(encoder)) return X26X_PRESETS;
  const kind = deviceKindOf(encoder);
  return kind === null ? null : (HARDWARE_PRESETS[kind] ?? []);
}

/** Constant quality under the name each encoder gives it. */
function qualityOption(encoder: string, crf: number | undefined, defaults: EncodingDefaults): CodecOptions {
  const value = crf ?? (encoder === defaults.codec ? defaults.crf : undefined);
  if (value !== undefined && value > X26X_CRF && X26X.has(encoder))
    throw new MillError('invalid_params', `"crf": ${encoder} takes 0 to ${X26X_CRF}.`);
  const kind = deviceKindOf(encoder);
  if (kind === 'nvenc') return { rc: 'vbr', cq: Math.round(value ?? 26), b: 0 };
  if (kind === 'qsv' || kind === 'amf')
    return value === undefined ? {} : { global_quality: Math.round(value) };
  // Constant quality of VAAPI has a name of its own only where the codec counts quantisers as H.264 does.
  if (kind === 'vaapi' && !/^(h264|hevc)_/.test(encoder))
    return value === undefined ? {} : { global_quality: Math.round(value) };
  if (kind !== null) return value === undefined ? {} : { qp: Math.round(value) };
  if (encoder === 'libx264') return { crf: value ?? 23 };
  if (encoder === 'libx265') return { crf: value ?? 26 };
  if (encoder === 'libsvtav1') return { crf: Math.round(value ?? 32) };
  if (encoder.startsWith('libvpx'))
    return { crf: Math.round(value ?? 31), b: encoder === 'libvpx' ? 2_000_000 : 0 };
  if (value !== undefined)
    throw new MillError(
      'invalid_params',
      `"crf": ${encoder} has no constant quality of that name; use bitrate or options.`,
    );
  // Without a word about quality these encode at 200 kilobits a second.
  const scale = QUALITY_SCALES.find(([encoders]) => encoders.test(encoder))?.[1];
  return scale === undefined ? {} : { flags: '+qscale', global_quality: scale * QP2LAMBDA };
}

/** Options as FFmpeg takes them: nested tables become `key=value:key=value`, booleans 1 and 0. */
export function flatten(options: VideoParams['options']): CodecOptions {
  const scalar = (value: string | number | boolean) => (typeof value === 'boolean' ? Number(value) : value);
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      typeof value === 'object'
        ? Object.entries(value)
            .map(([key, item]) => `${key}=${scalar(item)}`)
            .join(':')
        : scalar(value),
    ]),
  );
}
