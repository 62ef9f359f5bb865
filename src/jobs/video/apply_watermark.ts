import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { mainVideo, type VideoStreamFacts } from '../../core/facts.ts';
import { inputPath, mediaTime, whole } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import type { OverlayPosition } from '../../core/plan.ts';
import { VIDEO_EXTENSIONS } from '../planning/containers.ts';
import { momentIn, videoDuration } from '../planning/describe.ts';
import { encodeReport } from '../planning/encode-report.ts';
import { filmOutput } from '../planning/film.ts';
import { encodersTried, videoEncoding, videoExtension, videoFields } from '../planning/video-encoding.ts';

const DEFAULTS = { codec: 'libx264', crf: 20 };

const params = z.object({
  watermark_path: inputPath({ description: 'Image with or without transparency: PNG, JPEG, WebP, GIF.' }),
  position: z
    .enum([
      'top-left',
      'top',
      'top-right',
      'left',
      'center',
      'right',
      'bottom-left',
      'bottom',
      'bottom-right',
    ])
    .default('bottom-right')
    .meta({ description: 'Where it is drawn on the picture as a display shows it.' }),
  margin: whole(
    { min: 0, max: 10_000 },
    { description: 'Distance from the edges that position names.', unit: 'pixels' },
  ).default(10),
  opacity: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .meta({ description: '0 is invisible, 1 as opaque as the image itself.' }),
  scale: z.number().min(0.001).max(1).optional().meta({
    description:
      "Width of the image as a share of the video's width. Default: its own size, made smaller only when it would not fit.",
  }),
  start: mediaTime({ description: 'When the image appears.' }).prefault(0),
  end: mediaTime({ description: 'When the image disappears. Default: never.' }).optional(),
  ...videoFields(DEFAULTS),
});

export default defineJob({
  name: 'apply_watermark',
  title: 'Watermark',
  description:
    'Draws an image over a video, with its transparency, at one of nine places, for the whole length or a part of it. Sound, subtitles, chapters and tags are kept as far as the container allows.',
  group: 'video',
  params,
  input: { kind: 'media', needs: 'video' },
  output: { kind: 'file', extensions: VIDEO_EXTENSIONS, extensionFor: videoExtension },
  encoders: encodersTried,
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/marked.mp4',
    params: { watermark_path: '/data/input/logo.png', position: 'bottom-right' },
    result: {
      width: 1920,
      height: 1080,
      duration_s: 1.2,
      encoder: 'libx264',
      frames: 30,
      tracks: [
        { stream: 0, codec: 'libx264', packets: 30, frames: 30 },
        { stream: 1, codec: 'copy', packets: 58, frames: 0 },
      ],
    },
  },

  plan(source, given, target) {
    const video = mainVideo(source) as VideoStreamFacts;
    const total = videoDuration(source);
    const start_s = momentIn(source, given.start, 'start');
    const end_s = given.end === undefined ? null : momentIn(source, given.end, 'end');
    if (end_s !== null && end_s <= start_s)
      throw new MillError('invalid_params', '"end": must be later than "start".');
    if (total > 0 && start_s >= total) {
      throw new MillError(
        'invalid_params',
        `"start": ${start_s} s lies behind the end of the video at ${total.toFixed(3)} s.`,
      );
    }
    checkMargin(given, video);
    const { position, margin, opacity, scale } = given;
    const track = {
      size: null,
      ...videoEncoding(given, DEFAULTS, target.extension),
      overlay: { input: 0, scale: scale ?? null, position, margin, opacity, start_s, end_s },
    };
    return { inputs: [given.watermark_path], outputs: [filmOutput(source, video, target, track)] };
  },

  report(results, source, params) {
    const { display_width, display_height } = mainVideo(source) as VideoStreamFacts;
    return encodeReport(results, source, { width: display_width, height: display_height }, params);
  },
});

/** Further from its edge than the picture is large, the image would lie outside of it. */
function checkMargin(
  { position, margin }: { position: OverlayPosition; margin: number },
  { display_width, display_height }: VideoStreamFacts,
): void {
  const aside = /left|right/.test(position) && margin >= display_width;
  const above = /top|bottom/.test(position) && margin >= display_height;
  if (!aside && !above) return;
  throw new MillError(
    'invalid_params',
    `"margin": ${margin} pixels leave no place in a picture of ${display_width}×${display_height}.`,
  );
}
