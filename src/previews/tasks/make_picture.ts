/** One small picture of whatever has one: a moment of a video, a photo, the cover of an album. */
import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { mainVideo, type SourceFacts, type VideoStreamFacts } from '../../core/facts.ts';
import { defineJob } from '../../core/job.ts';

/** Films begin with black and logos; this far in there is something to see, and it is still found quickly. */
const SHARE = 0.1;
const LATEST_S = 60;

export default defineJob({
  name: 'make_picture',
  title: 'Preview picture',
  description: 'One small picture of a video, a photo or a cover.',
  group: 'video',
  params: z.object({
    width: z.int().min(16).max(4096),
    at_s: z.number().min(0).optional(),
    quality: z.int().min(1).max(100).default(78),
  }),
  input: { kind: 'media' },
  output: { kind: 'file', extensions: ['.webp'] },
  example: { params: { width: 320 } },

  plan(source, { width, at_s, quality }, target) {
    const stream = pictured(source);
    if (!stream) throw new MillError('no_preview', 'The file has no picture.');
    const moving = stream === mainVideo(source);
    const duration = stream.duration_s ?? source.format.duration_s ?? 0;
    const time = moving ? (at_s ?? Math.min(duration * SHARE, LATEST_S)) : 0;
    return {
      inputs: [],
      outputs: [
        {
          kind: 'images',
          stream: stream.index,
          // A moment somebody asked for is shown exactly; else any key frame near it will do.
          choose: { kind: moving && at_s === undefined ? 'keyframe_before' : 'at', times_s: [time] },
          to: { file: target.name },
          format: 'webp',
          width,
          quality,
          index: false,
          sprite: false,
        },
      ],
    };
  },

  report(results) {
    const image = results[0]?.kind === 'images' ? results[0].images[0] : undefined;
    if (!image) throw new MillError('no_preview', 'No picture could be decoded.');
    return { message: 'done', data: { ...image } };
  },
});

/** The main video, else a still image, else cover art. */
function pictured(source: SourceFacts): VideoStreamFacts | null {
  const main = mainVideo(source);
  if (main) return main;
  return source.streams.find((stream): stream is VideoStreamFacts => stream.kind === 'video') ?? null;
}
