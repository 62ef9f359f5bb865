/** Stills of a video beside each other in one image. */
import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { mainVideo } from '../../core/facts.ts';
import { defineJob } from '../../core/job.ts';

/** In short videos key frames are few and far between, and reaching any frame is quick. */
const EXACT_UP_TO_S = 120;

export default defineJob({
  name: 'make_strip',
  title: 'Film strip',
  description: 'Stills of a video beside each other in one image.',
  group: 'video',
  params: z.object({ count: z.int().min(1).max(60), height: z.int().min(16).max(360) }),
  input: { kind: 'media' },
  output: { kind: 'directory', extensions: [] },
  example: { params: { count: 12, height: 54 } },

  plan(source, { count, height }, target) {
    const video = mainVideo(source);
    if (!video) throw new MillError('no_preview', 'The file has no video.');
    const duration = video.duration_s ?? source.format.duration_s ?? 0;
    const times_s = Array.from({ length: count }, (_, index) => ((index + 0.5) * duration) / count);
    return {
      inputs: [],
      outputs: [
        {
          kind: 'images',
          stream: video.index,
          choose: { kind: duration > EXACT_UP_TO_S ? 'keyframe_before' : 'at', times_s },
          to: { folder: target.name, prefix: 'still_' },
          format: 'jpg',
          width: Math.max(2, Math.round((height * video.display_width) / Math.max(1, video.display_height))),
          quality: 80,
          index: false,
          sprite: true,
          sprite_columns: count,
        },
      ],
    };
  },

  report(results) {
    const images = results[0]?.kind === 'images' ? results[0].images : [];
    return { message: 'done', data: { count: images.length } };
  },
});
