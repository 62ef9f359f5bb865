import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { mainVideo, type SourceFacts, type VideoStreamFacts } from '../../core/facts.ts';
import { mediaTime, whole } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import type { FrameChoice } from '../../core/plan.ts';
import { momentIn, videoDuration } from '../planning/describe.ts';
import { imageFormat, imageQuality, imageWidth } from '../planning/image-fields.ts';
import { imagesReport } from '../planning/images-report.ts';

/** More images than this in one folder help nobody. */
const MAX_FRAMES = 100_000;

const params = z.object({
  count: whole(
    { min: 1, max: MAX_FRAMES },
    {
      description:
        'How many frames, evenly spaced; fewer only when the video has fewer. Default 10, unless timestamps or every_seconds is given.',
      excludes: ['timestamps', 'every_seconds'],
    },
  ).optional(),
  timestamps: z
    .array(mediaTime())
    .min(1)
    .max(MAX_FRAMES)
    .optional()
    .meta({
      description: 'The frames shown at these times, in this order.',
      excludes: ['count', 'every_seconds'],
      examples: [['00:00:01', 2.5, '50%']],
    }),
  every_seconds: z
    .number()
    .min(0.001)
    .max(86_400)
    .optional()
    .meta({
      description: 'The frame shown at 0 and then every so many seconds.',
      unit: 'seconds',
      excludes: ['count', 'timestamps'],
    }),
  format: imageFormat,
  width: imageWidth('Default: the display size of the video.').optional(),
  quality: imageQuality.default(90),
});

type Params = z.output<typeof params>;

export default defineJob({
  name: 'extract_frames',
  title: 'Extract frames',
  description:
    'Exact frames of a video as images, turned and stretched as a display shows them: evenly spaced, at given times, or at a steady interval. With an index of their times.',
  group: 'video',
  params,
  input: { kind: 'media', needs: 'video' },
  output: { kind: 'directory', extensions: [] },
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/frames',
    params: { count: 10 },
    result: {
      count: 10,
      images: [
        { file: 'frame_0001.jpg', time_s: 0.04, width: 1920, height: 1080, size_bytes: 46107 },
        { file: 'frame_0002.jpg', time_s: 0.16, width: 1920, height: 1080, size_bytes: 61380 },
      ],
    },
  },

  plan(source, given, target) {
    const video = mainVideo(source) as VideoStreamFacts;
    return {
      inputs: [],
      outputs: [
        {
          kind: 'images',
          stream: video.index,
          choose: choiceOf(source, given),
          to: { folder: target.name, prefix: 'frame_' },
          format: given.format,
          width: given.width ?? null,
          quality: given.quality,
          index: true,
          sprite: false,
        },
      ],
    };
  },

  report(results, source, given) {
    const choice = choiceOf(source, given);
    return imagesReport(
      results,
      choice.kind === 'at' ? choice.times_s.length : choice.kind === 'spread' ? choice.count : 0,
      'frame',
    );
  },
});

function choiceOf(source: SourceFacts, { count, timestamps, every_seconds }: Params): FrameChoice {
  const given = Object.entries({ count, timestamps, every_seconds }).filter(
    ([, value]) => value !== undefined,
  );
  if (given.length > 1) {
    throw new MillError(
      'invalid_params',
      `"${given[1]?.[0]}": cannot be given together with "${given[0]?.[0]}"; choose one of them.`,
    );
  }
  const duration = videoDuration(source);
  if (timestamps)
    return {
      kind: 'at',
      times_s: timestamps.map((time) => inside(momentIn(source, time, 'timestamps'), duration)),
    };
  if (every_seconds !== undefined) {
    const frames = Math.max(1, Math.ceil(duration / every_seconds - 1e-9));
    if (frames > MAX_FRAMES)
      throw new MillError(
        'invalid_params',
        `"every_seconds": would make ${frames} images; the most is ${MAX_FRAMES}.`,
      );
    return { kind: 'at', times_s: Array.from({ length: frames }, (_, index) => index * every_seconds) };
  }
  return { kind: 'spread', count: count ?? 10 };
}

function inside(time: number, duration: number): number {
  if (time <= duration || duration === 0) return time;
  throw new MillError(
    'invalid_params',
    `"timestamps": ${time} s lies behind the end of the video at ${duration.toFixed(3)} s.`,
  );
}
