import { z } from 'zod';
import { mainVideo, type VideoStreamFacts } from '../../core/facts.ts';
import { whole } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import { VIDEO_EXTENSIONS } from '../planning/containers.ts';
import { encodeReport } from '../planning/encode-report.ts';
import { filmOutput } from '../planning/film.ts';
import { encodersTried, videoEncoding, videoExtension, videoFields } from '../planning/video-encoding.ts';

const DEFAULTS = { codec: 'libx264', crf: 23 };

const params = z.object({
  height: whole(
    { min: 16, max: 8640 },
    { description: 'Height of the picture on a display. The width follows the aspect.', unit: 'pixels' },
  ).default(720),
  allow_upscale: z.boolean().default(false).meta({ description: 'Also enlarge pictures that are smaller.' }),
  ...videoFields(DEFAULTS),
});

export default defineJob({
  name: 'resize_to_720p',
  title: 'Resize video',
  description:
    'Scales the main video to a height, 720 by default; the width follows the display aspect, both even. Smaller videos keep their size unless enlarging is allowed. Sound, subtitles, chapters and tags are kept as far as the container allows.',
  group: 'video',
  params,
  input: { kind: 'media', needs: 'video' },
  output: { kind: 'file', extensions: VIDEO_EXTENSIONS, extensionFor: videoExtension },
  encoders: encodersTried,
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/video_720p.mp4',
    params: { height: 720 },
    result: {
      width: 1280,
      height: 720,
      duration_s: 1.2,
      encoder: 'libx264',
      frames: 30,
      tracks: [
        { stream: 0, codec: 'libx264', packets: 30, frames: 30 },
        { stream: 1, codec: 'copy', packets: 58, frames: 0 },
      ],
    },
  },

  plan(source, params, target) {
    const video = mainVideo(source) as VideoStreamFacts;
    const upright = video.rotation % 180 === 0;
    const { width, height } = displaySize(video, params);
    const track = {
      // The picture is scaled as it is coded; the rotation stays in the container.
      size: upright ? { width, height } : { width: height, height: width },
      ...videoEncoding(params, DEFAULTS, target.extension),
    };
    return { inputs: [], outputs: [filmOutput(source, video, target, track)] };
  },

  report(results, source, params) {
    const video = mainVideo(source) as VideoStreamFacts;
    const report = encodeReport(results, source, displaySize(video, params), params);
    const kept = video.display_height < params.height && !params.allow_upscale;
    if (!kept) return report;
    const note = `The source is only ${video.display_height} pixels high; it was not enlarged. Set allow_upscale to enlarge it.`;
    return { ...report, warnings: [note, ...(report.warnings ?? [])] };
  },
});

/** Size on a display with square pixels; both even, as 4:2:0 needs. */
function displaySize(
  video: Pick<VideoStreamFacts, 'display_width' | 'display_height'>,
  { height, allow_upscale }: { height: number; allow_upscale: boolean },
) {
  const target = allow_upscale ? height : Math.min(height, video.display_height);
  const even = (value: number) => Math.max(2, 2 * Math.round(value / 2));
  return { width: even((video.display_width * target) / video.display_height), height: even(target) };
}
