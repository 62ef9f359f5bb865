/** A media file of copied and encoded tracks, verified by opening it again. */
import type { Frame, Packet, Stream } from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import type { ChapterFacts, SourceFacts, StreamFacts, VideoStreamFacts } from '../../core/facts.ts';
import type { MediaOutput, OutputResult, Track } from '../../core/plan.ts';
import { extensionOf } from '../../core/registry.ts';
import { canHoldChapters, chapterTags, writeChapters } from '../chapters/index.ts';
import type { DeviceContexts } from '../device.ts';
import { seconds, ticks } from '../ffmpeg.ts';
import { scanFrames } from '../frames/scan.ts';
import type { Mark } from '../mark.ts';
import { Muxer } from '../muxer.ts';
import { probe } from '../probe.ts';
import type { OpenSource } from '../source.ts';
import { AttachmentWriter } from './attachment.ts';
import { AudioWriter } from './audio-track.ts';
import { CopyWriter } from './copy-track.ts';
import type { Appetite, Tap } from './tap.ts';
import { TextWriter } from './text-track.ts';
import { VideoWriter, type VideoWriterContext } from './video-track.ts';
import type { TrackWriter } from './writer.ts';

export interface MediaTapContext {
  source: OpenSource;
  facts: SourceFacts;
  work: string;
  threads: number;
  /** For encoders that take pictures of a device only. */
  hardware: DeviceContexts;
  /** Images of the overlays, by the track they are drawn on. */
  marks: ReadonlyMap<Track, Mark>;
}

/** How each kind of track reads its stream. */
const APPETITES: Record<Track['kind'], Appetite> = {
  copy: 'packets',
  text: 'packets',
  attach: 'packets',
  video: 'frames',
  audio: 'frames',
};

export class MediaTap implements Tap {
  readonly wants = new Map<number, Appetite>();
  readonly #plan: MediaOutput;
  readonly #chapters: ChapterFacts[];
  readonly #muxer: Muxer;
  readonly #writers: TrackWriter[] = [];

  constructor(plan: MediaOutput, { source, facts, work, threads, hardware, marks }: MediaTapContext) {
    this.#plan = plan;
    this.#muxer = new Muxer(work, plan.file, extensionOf(plan.file), plan.tracks.length);
    // The output begins at 0:00; what precedes it (encoder priming) stays before zero, as players expect.
    // Clocks of transport streams that ran over have begun before zero.
    const start = facts.format.start_time_s ?? 0;
    const begin = facts.format.zero_s < 0 ? start : Math.max(0, start);
    this.#chapters = plan.chapters === 'keep' ? rebased(facts.chapters, begin) : [];
    const tags = plan.metadata === 'keep' ? tagsOf(plan, facts) : {};
    // Ogg and FLAC keep chapters as tags; the other containers get them when the file is finished.
    this.#muxer.setMetadata(
      TAGGED.has(extensionOf(plan.file)) ? { ...tags, ...chapterTags(this.#chapters) } : tags,
    );
    for (const track of plan.tracks) {
      const stream = source.format.streams[track.stream];
      if (!stream)
        throw new MillError(
          'internal',
          `The plan names stream ${track.stream}, which the source does not have.`,
        );
      const shift = ticks(begin, stream.timeBase);
      this.wants.set(track.stream, APPETITES[track.kind]);
      const video = facts.streams[track.stream] as VideoStreamFacts;
      const mark = marks.get(track) ?? null;
      this.#writers.push(this.#openWriter(track, stream, { shift, threads, hardware, mark, video }));
    }
  }

  #openWriter(track: Track, stream: Stream, context: VideoWriterContext): TrackWriter {
    const muxer = this.#muxer;
    switch (track.kind) {
      case 'copy':
        return new CopyWriter(muxer, stream, track, context.shift);
      case 'video':
        return new VideoWriter(muxer, stream, track, context);
      case 'audio':
        return AudioWriter.forStream(muxer, track, stream, context.shift);
      case 'text':
        return new TextWriter(muxer, stream, track, context.shift);
      case 'attach':
        return new AttachmentWriter(muxer, stream, track);
    }
  }

  packet(packet: Packet, stream: number): void {
    this.#each(stream, (writer) => writer.packet?.(packet));
  }

  frame(frame: Frame, stream: number): void {
    this.#each(stream, (writer) => writer.frame?.(frame));
  }

  async finish(): Promise<OutputResult> {
    for (const writer of this.#writers) writer.end?.();
    this.#muxer.end();
    const warnings = this.#plan.dropped.map(
      ({ stream, reason }) => `Stream ${stream} was dropped: ${reason}.`,
    );
    if (this.#chapters.length > 0) {
      const kept =
        canHoldChapters(extensionOf(this.#plan.file)) &&
        (await writeChapters(this.#muxer.path, this.#chapters));
      if (!kept) warnings.push('The chapters were dropped: the container cannot hold them.');
    }
    const duration = Math.max(0, ...this.#writers.map((writer) => writer.track.duration_s));
    await this.#verify();
    for (const writer of this.#writers) warnings.push(...writer.warnings);
    return {
      kind: 'media',
      file: this.#plan.file,
      duration_s: duration,
      warnings,
      tracks: this.#writers.map((writer, index) => ({
        stream: this.#plan.tracks[index]?.stream ?? -1,
        codec: writer.codec,
        packets: writer.track.packets,
        frames: writer.frames,
        errors: 0,
        ...(writer instanceof AudioWriter && writer.sound),
      })),
    };
  }

  #each(stream: number, visit: (writer: TrackWriter) => unknown): void {
    this.#plan.tracks.forEach((track, index) => {
      const writer = this.#writers[index];
      if (track.stream === stream && writer) visit(writer);
    });
  }

  /** Opens again, expected tracks are there, each as long as what was written into it. */
  async #verify(): Promise<void> {
    const made = await probe(this.#muxer.path).catch((error: unknown) => {
      throw mismatch(`it does not open again (${error instanceof Error ? error.message : error})`, {});
    });
    const streams = made.streams.filter((stream) => stream.kind !== 'data');
    if (streams.length < this.#writers.length) {
      throw mismatch(`${this.#writers.length} tracks were planned and ${streams.length} are there`, {});
    }
    for (const [index, writer] of this.#writers.entries()) {
      const stream = streams[index];
      if (stream?.kind !== 'video' && stream?.kind !== 'audio') continue;
      if (stream.kind === 'video' && stream.attached_picture) continue;
      if (writer.track.packets === 0) throw mismatch(`track ${index} (${stream.kind}) is empty`, {});
      const found = await this.#durationOf(made, stream);
      if (found === null) continue;
      const planned = writer.track.duration_s;
      const frame = stream.kind === 'video' ? 1 / (stream.avg_frame_rate.value ?? 25) : 0;
      // Matroska moves a track that begins before zero (encoder priming) to zero instead of cutting it.
      const wrong = Math.min(Math.abs(found - planned), Math.abs(found - writer.track.extent_s));
      if (wrong <= Math.max(0.1, 1.5 * frame)) continue;
      throw mismatch(
        `track ${index} (${stream.kind}) has ${found.toFixed(2)} s instead of ${planned.toFixed(2)} s`,
        {
          planned_s: planned,
          found_s: found,
        },
      );
    }
  }

  /** Null where the container does not say and other tracks are longer. */
  async #durationOf(made: SourceFacts, stream: StreamFacts): Promise<number | null> {
    // Bare AAC has no header: FFmpeg guesses its length from the bit rate, but its packets can be counted.
    if (made.format.name === 'aac') {
      const times = await scanFrames(this.#muxer.path, stream.index, new AbortController().signal);
      return seconds(times.end - (times.pts[0] ?? 0n), stream.time_base);
    }
    return stream.duration_s ?? (this.#writers.length === 1 ? made.format.duration_s : null);
  }

  [Symbol.dispose](): void {
    for (const writer of this.#writers) writer[Symbol.dispose]();
    this.#muxer[Symbol.dispose]();
  }
}

const TAGGED: ReadonlySet<string> = new Set(['.ogg', '.oga', '.opus', '.flac']);

/** Ogg keeps the tags of a recording with its stream; other containers with the file. */
function tagsOf({ tracks }: MediaOutput, { format, streams }: SourceFacts): Record<string, string> {
  if (format.name !== 'ogg') return format.tags;
  const sound = tracks.map(({ stream }) => streams[stream]).find((stream) => stream?.kind === 'audio');
  const { language: _, ...tags } = sound?.tags ?? {};
  return { ...tags, ...format.tags };
}

function rebased(chapters: readonly ChapterFacts[], begin: number): ChapterFacts[] {
  return chapters.map((chapter) => ({
    ...chapter,
    start_s: Math.max(0, chapter.start_s - begin),
    end_s: Math.max(0, chapter.end_s - begin),
  }));
}

function mismatch(what: string, facts: Record<string, unknown>): MillError {
  return new MillError('output_verification_failed', `The result was checked and refused: ${what}.`, {
    facts,
  });
}
