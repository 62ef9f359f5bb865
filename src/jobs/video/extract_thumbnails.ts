import { z } from 'zod';
import { mainVideo, type VideoStreamFacts } from '../../core/facts.ts';
import { whole } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';

const params = z.object({
  count: whole(
    { min: 1, max: 10_000 },
    { description: 'How many thumbnails, evenly spaced; fewer only when the video has fewer frames.' },
  ).default(10),
  width: whole(
    { min: 16, max: 8192 },
    { description: 'Width of each; the height follows the display aspect. Never enlarged.', unit: 'pixels' },
  ).default(320),
  format: z.enum(['jpg', 'png', 'webp']).default('jpg').meta({ description: 'Image format.' }),
  quality: whole({ min: 1, max: 100 }, { description: 'JPEG or WebP quality; PNG ignores it.' }).default(85),
  exact: z.boolean().default(false).meta({
    description:
      'Take exactly the frames in the middle of equal parts instead of the nearest key frames, which is faster.',
  }),
  sprite: z.boolean().default(false).meta({
    description:
      'Also make one sheet of all (sprite.jpg) and a WebVTT file that points into it (sprite.vtt).',
  }),
});

export default defineJob({
  name: 'extract_thumbnails',
  title: 'Thumbnails',
  description:
    'Small pictures spread evenly over a video, turned and stretched as a display shows it, with an index of their times.',
  group: 'video',
  params,
  input: { kind: 'media', needs: 'video' },
  output: { kind: 'directory', extensions: [] },
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/thumbnails',
    params: { count: 10 },
  },

  plan(source, { count, width, format, quality, exact, sprite }, target) {
    const video = mainVideo(source) as VideoStreamFacts;
    return {
      inputs: [],
      outputs: [
        {
          kind: 'images',
          stream: video.index,
          choose: { kind: exact ? 'spread' : 'spread_keyframes', count },
          to: { folder: target.name, prefix: 'thumb_' },
          format,
          width,
          quality,
          index: true,
          sprite,
        },
      ],
    };
  },

  report(results, _source, { count }) {
    const [made] = results;
    if (made?.kind !== 'images') throw new TypeError('The plan made no images.');
    const { images } = made;
    const fewer =
      images.length < count ? [`The video has only ${images.length} frames; ${count} were asked for.`] : [];
    return {
      message: `${images.length} thumbnails of ${images[0]?.width}×${images[0]?.height}`,
      data: {
        count: images.length,
        images: images.map(({ file, ...rest }) => ({ file: file.split('/').pop(), ...rest })),
      },
      warnings: [...fewer, ...made.warnings],
    };
  },
});
