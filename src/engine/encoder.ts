/** Opening an encoder by FFmpeg's name, with options by FFmpeg's names. */
import { AV_CODEC_CAP_HARDWARE, AV_CODEC_CAP_HYBRID, AV_CODEC_FLAG_GLOBAL_HEADER } from 'node-av/constants';
import { Codec, CodecContext, type Frame, Packet } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import type { CodecOptions } from '../core/plan.ts';
import type { DeviceContexts } from './device.ts';
import { again, describe, ended, must } from './ffmpeg.ts';
import { nearestOption, optionRange } from './option-range.ts';
import { Upload } from './upload.ts';

/** AVERROR_OPTION_NOT_FOUND: the answer of `setOption` to a name the encoder does not know. */
const OPTION_NOT_FOUND = -1414549496;

/** Encoders that may or may not have the device they need. */
const DEVICES = AV_CODEC_CAP_HARDWARE | AV_CODEC_CAP_HYBRID;

export class Encoder implements Disposable {
  readonly context: CodecContext;
  readonly name: string;
  /** Frames that went in, packets that came out. */
  frames = 0;
  packets = 0;
  #packet = new Packet();
  readonly #upload: PictureUpload | null;

  /** `upload` is for an encoder that takes pictures of a device only. */
  constructor(context: CodecContext, name: string, upload: PictureUpload | null = null) {
    this.context = context;
    this.name = name;
    this.#upload = upload;
    this.#packet.alloc();
  }

  /** Encodes one frame (null at the end) and hands out each packet; it is reused. */
  encode(frame: Frame | null, visit: (packet: Packet) => void): void {
    if (frame) this.frames++;
    const sent = this.context.sendFrameSync(frame && (this.#upload?.take(frame) ?? frame));
    if (!ended(sent)) must(sent, `encode with ${this.name}`);
    for (;;) {
      const got = this.context.receivePacketSync(this.#packet);
      if (again(got) || ended(got)) return;
      must(got, `encode with ${this.name}`);
      this.packets++;
      visit(this.#packet);
      this.#packet.unref();
    }
  }

  [Symbol.dispose](): void {
    this.#packet.free();
    this.context.freeContext();
    this.#upload?.[Symbol.dispose]();
  }
}

type PictureUpload = Pick<Upload, 'take' | typeof Symbol.dispose>;

export interface EncoderSetup {
  name: string;
  options: CodecOptions;
  globalHeader: boolean;
  /** For encoders that take pictures of a device only. */
  devices?: DeviceContexts;
  /** The pixel format is that of the pictures in plain memory. */
  configure(context: CodecContext, codec: Codec): void;
}

/** Throws `encoder_unavailable` with the reason, or `invalid_params` for an option it does not take. */
export function openEncoder({ name, options, globalHeader, devices, configure }: EncoderSetup): Encoder {
  const codec = findEncoder(name);
  const context = new CodecContext();
  context.allocContext3(codec);
  let upload: Upload | null = null;
  try {
    configure(context, codec);
    upload = Upload.forEncoder(context, codec, devices);
    if (globalHeader) context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    for (const [key, value] of Object.entries(options)) setOption(context, codec, key, value);
    const opened = context.open2Sync(codec, null);
    if (opened < 0) throw notOpened(codec, opened);
    return new Encoder(context, name, upload);
  } catch (error) {
    context.freeContext();
    upload?.[Symbol.dispose]();
    throw error;
  }
}

export function findEncoder(name: string): Codec {
  const codec = Codec.findEncoderByName(name as Parameters<typeof Codec.findEncoderByName>[0]);
  if (codec?.isEncoder()) return codec;
  throw new MillError('encoder_unavailable', `The encoder ${name} is not in this build of FFmpeg.`, {
    facts: { encoder: name },
  });
}

/** Software is always there: what keeps it from opening is what it was asked for. */
function notOpened(codec: Codec, code: number): MillError {
  const facts = { encoder: codec.name };
  const reason = describe(code);
  return (codec.capabilities & DEVICES) !== 0
    ? new MillError('encoder_unavailable', `The encoder ${codec.name} could not be opened: ${reason}.`, {
        facts,
      })
    : new MillError('invalid_params', `The encoder ${codec.name} refuses these settings: ${reason}.`, {
        facts,
      });
}

/** Options that have a parameter of their own. */
const PARAMETERS: Record<string, string> = {
  preset: 'preset',
  profile: 'profile',
  crf: 'crf',
  b: 'bitrate',
  g: 'gop',
};

function setOption(context: CodecContext, codec: Codec, name: string, value: string | number): void {
  const code = context.setOption(name, String(value));
  if (code >= 0) return;
  const field = PARAMETERS[name] ?? `options.${name}`;
  const reason =
    code === OPTION_NOT_FOUND
      ? `has no such option.${hint(nearestOption(codec, context, name))}`
      : `${takes(optionRange(codec, context, name))}, not ${JSON.stringify(value)}.`;
  throw new MillError('invalid_params', `"${field}": ${codec.name} ${reason}`, {
    facts: { problems: [{ field, message: reason }], ffmpeg_log: [] },
  });
}

const takes = (range: string) => (range ? `takes ${range}` : 'takes other values');
const hint = (name: string | null) => (name ? ` Did you mean "${name}"?` : '');
