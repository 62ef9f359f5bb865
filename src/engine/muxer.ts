/** Writes one media file: collects tracks, writes the header when all are known, keeps timestamps legal. */
import { join } from 'node:path';
import { AV_DISPOSITION_ATTACHED_PIC, AV_DISPOSITION_DEFAULT, AVFMT_GLOBALHEADER } from 'node-av/constants';
import { Dictionary, FormatContext, type Packet, type Stream } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { hasTime, must, rescale, type TimeBase } from './ffmpeg.ts';
import { languageFor } from './languages.ts';

/** Extension → FFmpeg muxer. What is not here cannot be written. */
const MUXERS: Record<string, string> = {
  '.mp4': 'mp4',
  '.m4v': 'mp4',
  '.m4a': 'ipod',
  '.mov': 'mov',
  '.mkv': 'matroska',
  '.mka': 'matroska',
  '.webm': 'webm',
  '.avi': 'avi',
  '.ts': 'mpegts',
  '.flv': 'flv',
  '.mp3': 'mp3',
  '.aac': 'adts',
  '.opus': 'opus',
  '.ogg': 'ogg',
  '.oga': 'oga',
  '.flac': 'flac',
  '.wav': 'wav',
  '.aiff': 'aiff',
  '.gif': 'gif',
  '.apng': 'apng',
};

const FAST_START = { movflags: '+faststart' };
const SAMPLE_TABLES: ReadonlySet<string> = new Set(['mp4', 'mov', 'ipod']);
const ROTATING: ReadonlySet<string> = new Set([...SAMPLE_TABLES, 'matroska', 'webm']);
/** Options of the muxers, by FFmpeg's names. */
const MUXER_OPTIONS: Record<string, Record<string, string>> = {
  mp4: FAST_START,
  mov: FAST_START,
  ipod: FAST_START,
  // AIFF's own chunks hold a title and little else.
  aiff: { write_id3v2: '1' },
};

interface Waiting {
  track: MuxTrack;
  packet: Packet;
  timeBase: TimeBase;
}

export class MuxTrack {
  readonly stream: Stream;
  ready = false;
  packets = 0;
  /** Extent of what was written, in seconds. */
  first_s: number | null = null;
  end_s: number | null = null;
  lastDts: bigint | null = null;
  index = 0;
  timeBase: TimeBase = { num: 1, den: 1 };

  constructor(stream: Stream) {
    this.stream = stream;
  }

  /** The header is out: from now on the muxer's time base is known. */
  settle(): void {
    this.index = this.stream.index;
    this.timeBase = this.stream.timeBase;
  }

  /** From the first timestamp to the end of the last packet. */
  get extent_s(): number {
    return this.first_s === null || this.end_s === null ? 0 : this.end_s - this.first_s;
  }

  /** What a player shows of it: encoder priming before 0:00 does not count. */
  get duration_s(): number {
    return this.first_s === null || this.end_s === null ? 0 : this.end_s - Math.max(0, this.first_s);
  }
}

export class Muxer implements Disposable {
  readonly path: string;
  readonly format = new FormatContext();
  readonly #muxerName: string;
  readonly #expected: number;
  readonly #tracks: MuxTrack[] = [];
  readonly #waiting: Waiting[] = [];
  #headerWritten = false;
  #closed = false;

  /** The header waits for so many tracks. */
  constructor(work: string, file: string, extension: string, tracks = 1) {
    const name = MUXERS[extension];
    if (!name) throw new MillError('unsupported_output', `Files ending in "${extension}" cannot be written.`);
    this.#muxerName = name;
    this.#expected = tracks;
    this.path = join(work, file);
    must(this.format.allocOutputContext2(null, name, this.path), `prepare a ${name} file`);
    must(this.format.openOutputSync(), 'create the output file');
  }

  get globalHeader(): boolean {
    return this.format.oformat?.hasFlags(AVFMT_GLOBALHEADER) ?? false;
  }

  /** Durations of samples are told as distances of decoding times: see `SampleTable`. */
  get hasSampleTable(): boolean {
    return SAMPLE_TABLES.has(this.#muxerName);
  }

  /** The container tells players to turn or mirror the picture. */
  get keepsRotation(): boolean {
    return ROTATING.has(this.#muxerName);
  }

  addTrack(): MuxTrack {
    const track = new MuxTrack(this.format.newStream(null));
    this.#tracks.push(track);
    return track;
  }

  /** File tags; values of the container's own brand stay behind. */
  setMetadata(tags: Record<string, string>): void {
    const own = /^(major_brand|minor_version|compatible_brands|encoder|duration|creation_time)$/i;
    const kept = Object.entries(tags).filter(([key]) => !own.test(key) || key === 'creation_time');
    if (kept.length > 0) this.format.metadata = Dictionary.fromObject(Object.fromEntries(kept));
  }

  /** Writes a packet that the caller lends; before the header is out it is kept. */
  write(track: MuxTrack, packet: Packet, timeBase: TimeBase): void {
    if (this.#headerWritten) {
      this.#write(track, packet, timeBase);
      return;
    }
    const kept = packet.clone();
    if (!kept) throw new MillError('out_of_memory');
    this.#waiting.push({ track, packet: kept, timeBase });
    this.writeHeaderWhenReady();
  }

  writeHeaderWhenReady(): void {
    if (this.#headerWritten || this.#tracks.length < this.#expected) return;
    if (!this.#tracks.every((track) => track.ready)) return;
    this.#defaultDispositions();
    this.#adaptLanguages();
    using options = Dictionary.fromObject(MUXER_OPTIONS[this.#muxerName] ?? {});
    must(this.format.writeHeaderSync(options), `write the header of the ${this.#muxerName} file`);
    this.#headerWritten = true;
    for (const track of this.#tracks) track.settle();
    for (const { track, packet, timeBase } of this.#waiting.splice(0)) {
      this.#write(track, packet, timeBase);
      packet.free();
    }
  }

  get headerWritten(): boolean {
    return this.#headerWritten;
  }

  /** Completes the file on disk. */
  end(): void {
    if (!this.#headerWritten)
      throw new MillError('corrupt_media', 'Nothing could be written: no stream gave any packets.');
    must(this.format.writeTrailerSync(), 'complete the output file');
    this.#close();
  }

  #write(track: MuxTrack, packet: Packet, from: TimeBase): void {
    // Every look at the packet goes through the binding: once each, for there may be millions.
    const to = track.timeBase;
    const given = { pts: packet.pts, dts: packet.dts };
    let pts = rescale(hasTime(given.pts) ? given.pts : given.dts, from, to);
    let dts = rescale(hasTime(given.dts) ? given.dts : given.pts, from, to);
    const duration = rescale(packet.duration, from, to);
    // Muxers refuse timestamps that do not rise; broken sources have them.
    if (track.lastDts !== null && dts <= track.lastDts) dts = track.lastDts + 1n;
    if (pts < dts) pts = dts;
    packet.streamIndex = track.index;
    packet.pts = pts;
    packet.dts = dts;
    packet.duration = duration;
    track.lastDts = dts;
    const start = (Number(pts) * to.num) / to.den;
    const end = start + (Number(duration) * to.num) / to.den;
    track.first_s = track.first_s === null ? start : Math.min(track.first_s, start);
    track.end_s = track.end_s === null ? end : Math.max(track.end_s, end);
    track.packets++;
    must(this.format.interleavedWriteFrameSync(packet), 'write to the output file');
  }

  /** Players start the first track of a kind when none is marked. */
  #defaultDispositions(): void {
    const seen = new Set<number>();
    for (const { stream } of this.#tracks) {
      // Cover art is nothing to start with, and MP4 knows it by this disposition alone.
      if ((stream.disposition & AV_DISPOSITION_ATTACHED_PIC) !== 0) {
        stream.disposition = AV_DISPOSITION_ATTACHED_PIC;
        continue;
      }
      const kind = stream.codecpar.codecType;
      const marked = this.#tracks.some(
        (t) => t.stream.codecpar.codecType === kind && (t.stream.disposition & AV_DISPOSITION_DEFAULT) !== 0,
      );
      if (!marked && !seen.has(kind) && kind <= 1)
        stream.disposition = (stream.disposition | AV_DISPOSITION_DEFAULT) as typeof stream.disposition;
      seen.add(kind);
    }
  }

  #adaptLanguages(): void {
    for (const { stream } of this.#tracks) {
      const tags = stream.metadata?.getAll() ?? {};
      const { language } = tags;
      if (language === undefined) continue;
      const held = languageFor(this.#muxerName, language);
      if (held !== language) stream.metadata = Dictionary.fromObject({ ...tags, language: held });
    }
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.format.closeOutputSync();
    this.format.freeContext();
  }

  [Symbol.dispose](): void {
    for (const { packet } of this.#waiting.splice(0)) packet.free();
    this.#close();
  }
}
