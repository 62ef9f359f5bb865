import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { mainVideo, type VideoStreamFacts } from '../../core/facts.ts';
import { mediaTime, whole } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import { plural } from '../../core/plural.ts';
import { momentIn, secondsText, videoDuration } from '../planning/describe.ts';
import { imageWidth } from '../planning/image-fields.ts';

const params = z.object({
  duration: mediaTime({
    description: 'Length of the clip; cut at the end of the video.',
    moment: false,
  }).prefault(5),
  fps: z
    .number()
    .min(0.1)
    .max(50)
    .default(10)
    .meta({ description: 'Browsers play a GIF at 50 at most.', unit: 'frames/s' }),
  start: mediaTime({ description: 'Where the clip begins.' }).prefault(0),
  width: imageWidth('').default(480),
  colors: whole({ min: 4, max: 256 }, { description: 'Palette size of a GIF.', group: 'advanced' }).default(
    256,
  ),
  dither: z.enum(['none', 'bayer', 'floyd_steinberg', 'sierra2_4a']).default('sierra2_4a').meta({
    description:
      'How colours outside the palette are imitated; `bayer` makes smaller files, `none` the smallest.',
    group: 'advanced',
  }),
  loop: whole({ min: 0, max: 65_535 }, { description: 'Times to play; 0 is for ever.' }).default(0),
  quality: whole(
    { min: 1, max: 100 },
    { description: 'Of a WebP, higher is better and larger; GIF and APNG ignore it.', group: 'advanced' },
  ).default(80),
});

export default defineJob({
  name: 'create_animated_gif',
  title: 'Animated GIF',
  description:
    'A clip as a moving picture for pages and chats: GIF with a palette made from the clip, or animated WebP or APNG when the output is called .webp, .png or .apng.',
  group: 'video',
  params,
  input: { kind: 'media', needs: 'video' },
  output: { kind: 'file', extensions: ['.gif', '.webp', '.png', '.apng'] },
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/clip.gif',
    params: { duration: 5, fps: 10 },
    result: { width: 480, height: 270, frames: 12, duration_s: 1.2, loop: 0 },
  },

  plan(source, { duration, start, fps, width, colors, dither, loop, quality }, target) {
    const video = mainVideo(source) as VideoStreamFacts;
    const total = videoDuration(source);
    const start_s = momentIn(source, start, 'start');
    if (total > 0 && start_s >= total) {
      throw new MillError(
        'invalid_params',
        `"start": ${start_s} s lies behind the end of the video at ${total.toFixed(3)} s.`,
      );
    }
    const wanted = momentIn(source, duration, 'duration');
    const duration_s = total > 0 ? Math.min(wanted, total - start_s) : wanted;
    if (duration_s <= 0) throw new MillError('invalid_params', '"duration": must be more than 0 seconds.');
    return {
      inputs: [],
      outputs: [
        {
          kind: 'animation',
          stream: video.index,
          file: target.name,
          start_s,
          duration_s,
          fps,
          width,
          colors,
          dither,
          loop,
          quality,
        },
      ],
    };
  },

  report(results, _source, { loop }) {
    const [made] = results;
    if (made?.kind !== 'animation') throw new TypeError('The plan made no animation.');
    const { width, height, frames, duration_s, warnings } = made;
    return {
      message: `${width}×${height}, ${plural(frames, 'frame')}, ${secondsText(duration_s)}`,
      data: { width, height, frames, duration_s, loop },
      warnings,
      metrics: { frames },
    };
  },
});
