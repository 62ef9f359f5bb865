/** Opens files and decoders for the checks, straight with FFmpeg and strictly: an error is an error. */
import { AVERROR_EAGAIN, AVERROR_EOF, AVERROR_INVALIDDATA, AVMEDIA_TYPE_AUDIO } from 'node-av/constants';
import {
  avGetCodecName,
  avGetMediaTypeString,
  Codec,
  CodecContext,
  Dictionary,
  FormatContext,
  Frame,
  Packet,
  type Stream,
} from 'node-av/lib';
import { breathe, check, found, quiet } from './native.ts';

export interface OpenSource {
  format: FormatContext;
  streams: Stream[];
  close(): void;
}

/** Opens a file and reads as much of it as FFmpeg needs to know its streams. */
export function openSource(path: string): OpenSource {
  quiet();
  const format = new FormatContext();
  try {
    // FFmpeg searches megabytes of every WAV of 16 bits for DTS: ours have none.
    using options = path.endsWith('.wav') ? Dictionary.fromObject({ max_probe_packets: '1' }) : null;
    check(format.openInputSync(path, null, options), `opening ${path}`);
    check(format.findStreamInfoSync(null), `reading the streams of ${path}`);
    const streams = format.streams;
    return { format, streams, close: () => format.closeInputSync() };
  } catch (error) {
    format.freeContext();
    throw error;
  }
}

export type StreamKind = 'video' | 'audio' | 'subtitle' | 'data' | 'attachment';

export function kindOf(stream: Stream): StreamKind {
  return (avGetMediaTypeString(stream.codecpar.codecType) ?? 'data') as StreamKind;
}

/** Is it cover art? */
export function isPicture(stream: Stream): boolean {
  return ((stream.disposition as number) & ATTACHED_PICTURE) !== 0;
}
const ATTACHED_PICTURE = 0x400;

/**
 * The stream to decode: `index` is the number of the stream in the file; null takes the first of the kind that is
 * not cover art, else cover art.
 */
export function pickStream(source: OpenSource, kind: StreamKind, index: number | null): Stream {
  if (index !== null) return found(source.streams[index], `stream ${index}`);
  const all = source.streams.filter((stream) => kindOf(stream) === kind);
  const stream = all.find((candidate) => !isPicture(candidate)) ?? all[0];
  if (!stream) throw new Error(`There is no ${kind} stream`);
  return stream;
}

export function openDecoder(stream: Stream): CodecContext {
  const name = avGetCodecName(stream.codecpar.codecId) ?? '?';
  const codec = found(Codec.findDecoder(stream.codecpar.codecId), `decoder ${name}`);
  const context = new CodecContext();
  context.allocContext3(codec);
  check(context.parametersToContext(stream.codecpar), `parameters of ${name}`);
  context.pktTimebase = stream.timeBase;
  context.threadCount = stream.codecpar.codecType === AVMEDIA_TYPE_AUDIO ? 1 : 2;
  check(context.open2Sync(codec, null), `opening the decoder of ${name}`);
  return context;
}

export interface DecodeOptions {
  /** Number of the stream in the file; null takes the first of the kind. */
  stream?: number | null;
  /** Count damaged packets into `errors` instead of throwing at the first. */
  lenient?: { errors: number };
}

/** Every this many frames the event loop gets a turn, so that native memory is given back. */
const BREATH = 4;

/** Decodes one stream. The frame is reused: copy what you keep before the next turn. */
export async function* decodedFrames(
  path: string,
  kind: 'video' | 'audio',
  options: DecodeOptions = {},
): AsyncGenerator<{ frame: Frame; stream: Stream }> {
  const source = openSource(path);
  const [packet, frame] = [new Packet(), new Frame()];
  let decoder: CodecContext | null = null;
  try {
    const stream = pickStream(source, kind, options.stream ?? null);
    decoder = openDecoder(stream);
    packet.alloc();
    frame.alloc();
    let frames = 0;
    for (let ended = false; !ended; ) {
      const code = source.format.readFrameSync(packet);
      ended = code === AVERROR_EOF;
      if (!ended) check(code, `reading ${path}`);
      const wanted = ended || packet.streamIndex === stream.index;
      if (wanted) tolerate(decoder.sendPacketSync(ended ? null : packet), path, options);
      if (!ended) packet.unref();
      while (wanted) {
        const received = decoder.receiveFrameSync(frame);
        if (received === AVERROR_EAGAIN || received === AVERROR_EOF) break;
        tolerate(received, path, options);
        if (received < 0) continue;
        yield { frame, stream };
        frame.unref();
        if (++frames % BREATH === 0) await breathe();
      }
    }
  } finally {
    packet.free();
    frame.free();
    decoder?.freeContext();
    source.close();
  }
}

function tolerate(code: number, path: string, { lenient }: DecodeOptions): void {
  if (code === AVERROR_INVALIDDATA && lenient) lenient.errors++;
  else check(code, `decoding ${path}`);
}
