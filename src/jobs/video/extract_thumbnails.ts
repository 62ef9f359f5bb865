import { z } from 'zod';
import { mainVideo, type VideoStreamFacts } from '../../core/facts.ts';
import { whole } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import { imageFormat, imageQuality, imageWidth } from '../planning/image-fields.ts';
import { imagesReport } from '../planning/images-report.ts';

const params = z.object({
  count: whole(
    { min: 1, max: 10_000 },
    { description: 'How many thumbnails, evenly spaced; fewer only when the video has fewer frames.' },
  ).default(10),
  width: imageWidth('').default(320),
  format: imageFormat,
  quality: imageQuality.default(85),
  exact: z.boolean().default(false).meta({
    description:
      'Take exactly the frames in the middle of equal parts. Off: the nearest key frames, which is faster.',
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
    result: {
      count: 10,
      images: [
        { file: 'thumb_0001.jpg', time_s: 0.04, width: 320, height: 180, size_bytes: 1858 },
        { file: 'thumb_0002.jpg', time_s: 0.16, width: 320, height: 180, size_bytes: 2008 },
      ],
    },
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

  report: (results, _source, { count }) => imagesReport(results, count, 'thumbnail'),
});
