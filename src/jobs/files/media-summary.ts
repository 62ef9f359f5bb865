/** A few words about a media file for listings: how long, what picture, what sound. */
import { toMillError } from '../../core/errors.ts';
import { mainAudio, mainVideo, type SourceFacts } from '../../core/facts.ts';

export interface MediaSummary {
  format: string;
  duration_s: number | null;
  video: { codec: string | null; width: number; height: number; frame_rate: number | null } | null;
  audio: { codec: string | null; sample_rate: number; channels: number } | null;
}

/** Media types whose files are worth opening; a file of unknown type may be anything. */
const MAYBE_MEDIA = /^(?:video|audio)\/|^application\/(?:ogg|mxf|vnd\.ms-asf)$/;

export function maybeMedia(mimeType: string | null, size: number): boolean {
  return size > 0 && (mimeType === null || MAYBE_MEDIA.test(mimeType));
}

/** Null for what is no media, or is too damaged to say anything about. */
export async function mediaSummary(
  path: string,
  probe: (path: string) => Promise<SourceFacts>,
): Promise<MediaSummary | null> {
  try {
    return summarize(await probe(path));
  } catch (error) {
    const failure = toMillError(error);
    if (failure.code === 'unsupported_media' || failure.code === 'corrupt_media') return null;
    throw failure;
  }
}

function summarize(facts: SourceFacts): MediaSummary {
  const video = mainVideo(facts);
  const audio = mainAudio(facts);
  return {
    format: facts.format.name,
    duration_s: facts.format.duration_s,
    video: video && {
      codec: video.codec,
      width: video.display_width,
      height: video.display_height,
      frame_rate: video.avg_frame_rate.value,
    },
    audio: audio && { codec: audio.codec, sample_rate: audio.sample_rate, channels: audio.channels },
  };
}
