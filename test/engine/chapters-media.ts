/** Makes the media of the chapter tests, and looks at it with FFmpeg: through node-av, and Debian's ffprobe where it is. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_NONE,
  AVFMT_GLOBALHEADER,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
} from 'node-av/constants';
import {
  Codec,
  CodecContext,
  Dictionary,
  type FilterContext,
  FilterGraph,
  FormatContext,
  Frame,
  Packet,
} from 'node-av/lib';
import type { ChapterFacts } from '../../src/core/facts.ts';
import { readChapters } from '../../src/engine/chapters/index.ts';

/** Debian's FFmpeg as a second opinion; CI has it. */
export const oracle = spawnSync('ffprobe', ['-version']).status === 0;

const DURATION_S = 5;
const PICTURE = `testsrc=d=${DURATION_S}:s=64x48:r=10,format=yuv420p`;
/** Encoder, sample format and samples per frame by extension; AAC for the others. */
const SOUND: Record<string, [string, string, number]> = {
  mp3: ['libmp3lame', 's16p', 1152],
  ogg: ['libvorbis', 'fltp', 64],
  opus: ['libopus', 'flt', 960],
  flac: ['flac', 's16', 4608],
  wav: ['pcm_s16le', 's16', 1024],
};

interface Lane {
  graph: FilterGraph;
  sink: FilterContext;
  encoder: CodecContext;
  index: number;
}

/** What was made before, by extension, options and tags: most tests want the same few files. */
const made = new Map<string, Buffer>();

/** Five seconds of a test picture and a tone, in what the extension wants. `options` are the muxer's. */
export function makeMedia(
  file: string,
  options: Record<string, string>,
  tags: Record<string, string> = {},
): void {
  const extension = file.split('.').at(-1) ?? '';
  const key = JSON.stringify([extension, options, tags]);
  const known = made.get(key);
  if (known) {
    writeFileSync(file, known);
    return;
  }
  encodeMedia(file, extension, options, tags);
  made.set(key, readFileSync(file));
}

function encodeMedia(
  file: string,
  extension: string,
  options: Record<string, string>,
  tags: Record<string, string>,
): void {
  const out = new FormatContext();
  must(out.allocOutputContext2(null, null, file));
  if (Object.keys(tags).length > 0) out.metadata = Dictionary.fromObject(tags);
  const lanes: Lane[] = [];
  if (['mp4', 'mov', 'mkv'].includes(extension)) lanes.push(addLane(out, 'mpeg4', PICTURE, 'buffersink@out'));
  if (extension === 'webm') lanes.push(addLane(out, 'libvpx', PICTURE, 'buffersink@out'));
  else {
    const [encoder, format, samples] = SOUND[extension] ?? ['aac', 'fltp', 1024];
    const shape = `aformat=sample_fmts=${format}:channel_layouts=stereo,asetnsamples=${samples}:p=0`;
    lanes.push(addLane(out, encoder, `sine=d=${DURATION_S}:r=48000,${shape}`, 'abuffersink@out'));
  }
  must(out.openOutputSync());
  must(out.writeHeaderSync(Dictionary.fromObject(options)));
  for (const lane of lanes) encode(out, lane);
  must(out.writeTrailerSync());
  out.closeOutputSync();
}

function addLane(out: FormatContext, encoderName: string, source: string, sinkName: string): Lane {
  const graph = new FilterGraph();
  graph.alloc();
  must(graph.parse2(`${source},${sinkName}`));
  must(graph.configSync());
  const sink = graph.getFilter(sinkName);
  const codec = Codec.findEncoderByName(encoderName as Parameters<typeof Codec.findEncoderByName>[0]);
  if (!sink || !codec) throw new Error(`There is no ${encoderName}.`);
  const encoder = new CodecContext();
  encoder.allocContext3(codec);
  encoder.timeBase = sink.buffersinkGetTimeBase();
  if (sinkName.startsWith('a')) {
    encoder.sampleRate = sink.buffersinkGetSampleRate();
    encoder.sampleFormat = sink.buffersinkGetFormat() as CodecContext['sampleFormat'];
    encoder.channelLayout = sink.buffersinkGetChannelLayout();
  } else {
    encoder.width = sink.buffersinkGetWidth();
    encoder.height = sink.buffersinkGetHeight();
    encoder.pixelFormat = sink.buffersinkGetFormat() as CodecContext['pixelFormat'];
  }
  if (out.oformat?.hasFlags(AVFMT_GLOBALHEADER)) encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  must(encoder.open2Sync(codec, null));
  const stream = out.newStream(null);
  stream.timeBase = encoder.timeBase;
  must(encoder.parametersFromContext(stream.codecpar));
  return { graph, sink, encoder, index: stream.index };
}

function encode(out: FormatContext, { graph, sink, encoder, index }: Lane): void {
  using packet = new Packet();
  packet.alloc();
  using frame = new Frame();
  frame.alloc();
  for (let more = true; more; ) {
    more = sink.buffersinkGetFrameSync(frame) >= 0;
    if (more) frame.pictType = AV_PICTURE_TYPE_NONE;
    must(encoder.sendFrameSync(more ? frame : null));
    frame.unref();
    while (encoder.receivePacketSync(packet) >= 0) {
      packet.streamIndex = index;
      packet.rescaleTs(encoder.timeBase, out.streams[index]?.timeBase ?? encoder.timeBase);
      must(out.interleavedWriteFrameSync(packet));
    }
  }
  encoder.freeContext();
  graph.free();
}

export async function read(file: string, restoreLog?: () => void): Promise<ChapterFacts[]> {
  const format = opened(file);
  const chapters = await readChapters(format, restoreLog);
  format.closeInputSync();
  return chapters;
}

/** A digest of times and data of every audio and video packet. */
export function packets(file: string): string {
  const hash = createHash('sha256');
  const format = opened(file);
  const kinds = format.streams.map((stream) => stream.codecpar.codecType);
  using packet = new Packet();
  packet.alloc();
  for (; format.readFrameSync(packet) >= 0; packet.unref()) {
    const kind = kinds[packet.streamIndex];
    if (kind !== AVMEDIA_TYPE_VIDEO && kind !== AVMEDIA_TYPE_AUDIO) continue;
    hash.update(`${packet.streamIndex} ${packet.pts} ${packet.dts} ${packet.duration} ${packet.flags} `);
    hash.update(packet.data ?? '');
  }
  format.closeInputSync();
  return hash.digest('hex');
}

/** The chapters Debian's ffprobe sees. */
export function probed(file: string): ChapterFacts[] {
  const args = ['-v', 'error', '-of', 'json', '-show_chapters', file];
  const { chapters } = JSON.parse(execFileSync('ffprobe', args, { encoding: 'utf8' })) as {
    chapters: { start_time: string; end_time: string; tags: Record<string, string> }[];
  };
  return chapters.map(({ start_time, end_time, tags = {} }) => ({
    start_s: Number(start_time),
    end_s: Number(end_time),
    title: tags.title ?? null,
    tags,
  }));
}

function opened(file: string): FormatContext {
  const format = new FormatContext();
  must(format.openInputSync(file));
  must(format.findStreamInfoSync(null));
  return format;
}

function must(code: number): void {
  if (code < 0) throw new Error(`FFmpeg answered ${code}.`);
}
