/** A film whose main video is encoded anew and whose other tracks are kept. */
import type { SourceFacts, VideoStreamFacts } from '../../core/facts.ts';
import type { OutputTarget } from '../../core/job.ts';
import type { MediaOutput, VideoTrack } from '../../core/plan.ts';
import { otherTracks } from './tracks.ts';

/** `track` is the encoded video, without the stream it comes from. */
export function filmOutput(
  source: SourceFacts,
  video: VideoStreamFacts,
  target: OutputTarget,
  track: Omit<VideoTrack, 'kind' | 'stream'>,
): MediaOutput {
  const others = otherTracks(source, new Set([video.index]), target.extension);
  return {
    kind: 'media',
    file: target.name,
    tracks: [{ kind: 'video', stream: video.index, ...track }, ...others.tracks],
    dropped: others.dropped,
    metadata: 'keep',
    chapters: 'keep',
  };
}
