import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { mainVideo, type VideoStreamFacts } from '../../core/facts.ts';
import { mediaTime } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import { momentIn, secondsText, videoDuration } from '../planning/describe.ts';
import { imageQuality, imageWidth } from '../planning/image-fields.ts';

const FORMATS = { '.jpg': 'jpg', '.jpeg': 'jpg', '.png': 'png', '.webp': 'webp' } as const;

const params = z.object({
  timestamp: mediaTime({ description: 'Which moment of the video.' }).prefault('00:00:01'),
  mode: z.enum(['exact', 'keyframe']).default('exact').meta({
    description: '`exact`: the frame shown then. `keyframe`: the key frame at or before it, which is faster.',
  }),
  width: imageWidth('Default: the display size of the video.').optional(),
  quality: imageQuality.default(90),
});

export default defineJob({
  name: 'extract_key_frame',
  title: 'Single frame',
  description:
    'One frame of a video as an image: exactly the one shown at a time, turned and stretched as a display shows it. A time behind the end gives the last frame.',
  group: 'video',
  params,
  input: { kind: 'media', needs: 'video' },
  output: { kind: 'file', extensions: Object.keys(FORMATS) },
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/poster.jpg',
    params: { timestamp: '00:00:01' },
    result: { time_s: 1, width: 1920, height: 1080 },
  },

  plan(source, { timestamp, mode, width, quality }, target) {
    const video = mainVideo(source) as VideoStreamFacts;
    const times_s = [momentIn(source, timestamp, 'timestamp')];
    return {
      inputs: [],
      outputs: [
        {
          kind: 'images',
          stream: video.index,
          choose: { kind: mode === 'exact' ? 'at' : 'keyframe_before', times_s },
          to: { file: target.name },
          format: FORMATS[target.extension as keyof typeof FORMATS],
          width: width ?? null,
          quality,
          index: false,
          sprite: false,
        },
      ],
    };
  },

  report(results, source, { timestamp }) {
    const [made] = results;
    const image = made?.kind === 'images' ? made.images[0] : undefined;
    if (!made || !image) throw new MillError('corrupt_media');
    const asked = momentIn(source, timestamp, 'timestamp');
    const end = videoDuration(source);
    const late =
      end > 0 && asked > end ? [`The video ends at ${secondsText(end)}; its last frame was taken.`] : [];
    return {
      message: `${image.width}×${image.height} at ${secondsText(image.time_s)}`,
      data: { time_s: image.time_s, width: image.width, height: image.height },
      warnings: [...late, ...made.warnings],
    };
  },
});
