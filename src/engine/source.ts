/** Opening a file that nobody trusts. */
import { basename } from 'node:path';
import { AV_NOPTS_VALUE, AVERROR_ENOENT, AVMEDIA_TYPE_VIDEO, type AVSeekFlag } from 'node-av/constants';
import { Codec, Dictionary, FormatContext, type Packet } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { captureLog, describe, explain, takeLog } from './ffmpeg.ts';
import { openPartial } from './partial-file.ts';

/**
 * Containers that may be opened. Playlists and scripts (hls, concat, dash, …) are not among them: they name
 * other files. Raw elementary streams are left out on purpose.
 */
const FORMATS =
  'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,ogg,flv,live_flv,mp3,aac,ac3,eac3,wav,w64,flac,aiff,asf,' +
  'mxf,gif,webp_pipe,png_pipe,jpeg_pipe,jpegxl_pipe,tiff_pipe,bmp_pipe,image2,iff,tta,wv,mpc8,ape,amr,amrnb,amrwb,' +
  'dsf,caf,dts,apng,au,dv,ivf';

/** Decoders with known memory faults in this build of FFmpeg (CVE-2026-8461 among them). */
const REFUSED_DECODERS: ReadonlySet<string> = new Set(['magicyuv', 'hap']);

let allowedDecoders: string | undefined;

function decoderList(): string {
  allowedDecoders ??= Codec.getCodecList()
    .filter((codec) => codec.isDecoder() && codec.name !== null && !REFUSED_DECODERS.has(codec.name))
    .map((codec) => codec.name)
    .join(',');
  return allowedDecoders;
}

export function isRefusedDecoder(codec: Codec): boolean {
  return REFUSED_DECODERS.has(codec.name ?? '');
}

/** A source whose demuxer reports this many errors in a row will not get better. */
export const MAX_READ_ERRORS = 100;

export interface OpenSource extends Disposable {
  format: FormatContext;
  path: string;
  /** Reads the next packet; FFmpeg's code. Only for sources that lie here whole. */
  read(packet: Packet): number;
  /** The same, also for sources whose bytes come when they are asked for. */
  next(packet: Packet): number | Promise<number>;
  /** FFmpeg's code. */
  seek(streamIndex: number, timestamp: bigint, flags: AVSeekFlag): number | Promise<number>;
}

/** Opens a local file. Throws `unsupported_media` for anything that is not intact media of an allowed container. */
export async function openSource(path: string): Promise<OpenSource> {
  captureLog();
  await takeLog();
  const format = new FormatContext();
  format.allocContext();
  // A file name with % is a pattern to the image2 demuxer, which would read its neighbours.
  using options = Dictionary.fromObject({
    format_whitelist: FORMATS,
    codec_whitelist: decoderList(),
    protocol_whitelist: 'file',
    pattern_type: 'none',
  });
  const partial = openPartial(path);
  if (partial) format.pb = partial.io;
  const url = `file:${path}`;
  const opened = partial
    ? await format.openInput(url, null, options)
    : format.openInputSync(url, null, options);
  if (opened < 0) {
    format.freeContext();
    const missing = partial?.failure();
    partial?.[Symbol.dispose]();
    throw missing ?? (await unsupported(path, opened));
  }
  const close = () => {
    format.closeInputSync();
    partial?.[Symbol.dispose]();
  };
  const found = partial ? await format.findStreamInfo(null) : format.findStreamInfoSync(null);
  const missing = partial?.failure();
  if (found < 0 || format.nbStreams === 0 || missing) {
    close();
    throw missing ?? (await unsupported(path, found));
  }
  const untimed = reorderedInAvi(format);
  const timed = (packet: Packet, code: number) => {
    if (code >= 0 && untimed.has(packet.streamIndex)) packet.pts = AV_NOPTS_VALUE;
    return code;
  };
  const whole = (code: number): number => {
    const failure = partial?.failure();
    if (failure) throw failure;
    return code;
  };
  return {
    format,
    path,
    read: (packet) => timed(packet, format.readFrameSync(packet)),
    next: partial
      ? async (packet) => timed(packet, whole(await format.readFrame(packet)))
      : (packet) => timed(packet, format.readFrameSync(packet)),
    seek: partial
      ? async (...place) => whole(await format.seekFrame(...place))
      : (...place) => format.seekFrameSync(...place),
    [Symbol.dispose]: close,
  };
}

/**
 * AVI has no timestamps: frame n is shown at n / rate. Where frames are stored in another order than they are shown,
 * FFmpeg takes some of its counts for timestamps; the decoder's order tells the time instead (`StreamDecoder`).
 */
function reorderedInAvi(format: FormatContext): ReadonlySet<number> {
  if (format.iformat?.name !== 'avi') return new Set();
  const reordered = format.streams.filter(
    ({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_VIDEO && codecpar.videoDelay > 0,
  );
  return new Set(reordered.map(({ index }) => index));
}

async function unsupported(path: string, code: number): Promise<unknown> {
  if (code === AVERROR_ENOENT) return new MillError('input_not_found', `There is no file ${basename(path)}.`);
  const reason = code < 0 ? describe(code) : 'it holds no streams';
  return await explain(
    new MillError('unsupported_media', `${basename(path)} is not media that can be read: ${reason}.`),
  );
}
