/** The tracks of an output beside the one a job works on: kept when the container can hold them, named when not. */
import type { AudioStreamFacts, SourceFacts, StreamFacts } from '../../core/facts.ts';
import type { AudioTrack, MediaOutput, Track } from '../../core/plan.ts';
import { type Container, containerOf, holds } from './containers.ts';

/** Bits per second and channel for sound that has to be encoded anew. */
const AUDIO_BIT_RATE = 80_000;

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
      return holds(container.subtitle, stream.codec)
        ? copy
        : `the container cannot hold ${stream.codec} subtitles`;
    case 'video':
      if (!stream.attached_picture) return 'only the main video is processed';
      return container.pictures && holds(['mjpeg', 'png'], stream.codec)
        ? copy
        : 'the container keeps no cover art';
    case 'attachment':
      return container.attachments ? copy : 'the container keeps no attachments';
    case 'data':
      return 'data streams are not kept';
  }
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
