/** The tracks of an output beside the one a job works on: kept when the container can hold them, named when not. */
import type { AudioStreamFacts, SourceFacts, StreamFacts } from '../../core/facts.ts';
import type { AudioTrack, MediaOutput, Track } from '../../core/plan.ts';
import { type Container, containerOf, holds } from './containers.ts';

/** Bits per second and channel for sound that has to be encoded anew. */
const AUDIO_BIT_RATE = 80_000;

/** Subtitles that are text and can be rewritten. */
const TEXT_SUBTITLES = ['subrip', 'text', 'mov_text', 'webvtt', 'ass', 'ssa'];

/** Matroska's players look for cover art under these names. */
const COVERS: Record<string, { file: string; mime: string }> = {
  mjpeg: { file: 'cover.jpg', mime: 'image/jpeg' },
  png: { file: 'cover.png', mime: 'image/png' },
};

export interface KeptTracks {
  tracks: Track[];
  dropped: MediaOutput['dropped'];
}

/** Every stream of the source but `without`, copied where `extension` allows, sound encoded anew where not. */
export function otherTracks(
  source: SourceFacts,
  without: ReadonlySet<number>,
  extension: string,
): KeptTracks {
  const container = containerOf(extension);
  const kept: KeptTracks = { tracks: [], dropped: [] };
  for (const stream of source.streams) {
    if (without.has(stream.index)) continue;
    if (isChapterTrack(stream, source)) continue;
    const track = trackFor(stream, container);
    if (typeof track === 'string') kept.dropped.push({ stream: stream.index, reason: track });
    else kept.tracks.push(track);
  }
  // Attached files are not among the numbered tracks of a file.
  const attached = ({ kind, stream }: Track) =>
    Number(kind === 'attach' || source.streams[stream]?.kind === 'attachment');
  kept.tracks.sort((a, b) => attached(a) - attached(b));
  return kept;
}

/** QuickTime keeps chapters as a text track; they are carried over as chapters. */
function isChapterTrack(stream: StreamFacts, source: SourceFacts): boolean {
  return stream.kind === 'data' && stream.codec_tag === 'text' && source.chapters.length > 0;
}

/** A track, or why there is none. */
function trackFor(stream: StreamFacts, container: Container): Track | string {
  const copy: Track = { kind: 'copy', stream: stream.index };
  switch (stream.kind) {
    case 'audio':
      if (holds(container.audio, stream.codec)) return copy;
      return container.audio.length > 0
        ? encodeAudio(stream, container.audioEncoder)
        : 'the container holds no sound';
    case 'subtitle':
      if (holds(container.subtitle, stream.codec)) return copy;
      return container.text !== null && holds(TEXT_SUBTITLES, stream.codec)
        ? { kind: 'text', stream: stream.index, codec: container.text }
        : `the container cannot hold ${stream.codec} subtitles`;
    case 'video':
      return stream.attached_picture ? coverTrack(stream, container) : 'only the main video is processed';
    case 'attachment':
      return container.attachments ? copy : 'the container keeps no attachments';
    case 'data':
      return 'data streams are not kept';
  }
}

/** Cover art as the container keeps it. */
function coverTrack({ index, codec }: StreamFacts, container: Container): Track | string {
  const image = codec === null ? undefined : COVERS[codec];
  if (container.pictures === null || image === undefined) return 'the container keeps no such cover art';
  if (container.pictures === 'picture') return { kind: 'copy', stream: index };
  return { kind: 'attach', stream: index, ...image };
}

function encodeAudio(stream: AudioStreamFacts, encoder: string): AudioTrack {
  return {
    kind: 'audio',
    stream: stream.index,
    encoder,
    options: {},
    sample_rate: null,
    channels: null,
    bit_rate: AUDIO_BIT_RATE * Math.max(1, Math.min(stream.channels, 6)),
    sample_format: null,
  };
}
