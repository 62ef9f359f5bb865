import { z } from 'zod';
import { mainVideo, type VideoStreamFacts } from '../../core/facts.ts';
import { defineJob } from '../../core/job.ts';
import { VIDEO_EXTENSIONS } from '../planning/containers.ts';
import { encodeReport } from '../planning/encode-report.ts';
import { filmOutput } from '../planning/film.ts';
import { encodersTried, videoEncoding, videoExtension, videoFields } from '../planning/video-encoding.ts';

/** x265 at CRF 24 keeps SSIM above 0.98 on ordinary film and animation, at well under the size of the H.264 source. */
const DEFAULTS = { codec: 'libx265', crf: 24 };

export default defineJob({
  name: 'transcode_h264_to_h265',
  title: 'Convert to H.265',
  description:
    'Encodes the main video anew, by default as H.265, at the same size, timestamps and colours. Sound, subtitles, chapters and tags are kept as far as the container allows. Any video that can be decoded will do.',
  group: 'video',
  params: z.object(videoFields(DEFAULTS)),
  input: { kind: 'media', needs: 'video' },
  output: { kind: 'file', extensions: VIDEO_EXTENSIONS, extensionFor: videoExtension },
  encoders: encodersTried,
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/video_h265.mp4',
    params: { bitrate: '2M' },
    result: {
      width: 1920,
      height: 1080,
      duration_s: 1.2,
      encoder: 'libx265',
      frames: 30,
      tracks: [
        { stream: 0, codec: 'libx265', packets: 30, frames: 30 },
        { stream: 1, codec: 'copy', packets: 58, frames: 0 },
      ],
    },
  },

  plan(source, params, target) {
    const video = mainVideo(source) as VideoStreamFacts;
    const encoding = videoEncoding(params, DEFAULTS, target.extension);
    return { inputs: [], outputs: [filmOutput(source, video, target, { size: null, ...encoding })] };
  },

  report(results, source, params) {
    const { display_width, display_height } = mainVideo(source) as VideoStreamFacts;
    return encodeReport(results, source, { width: display_width, height: display_height }, params);
  },
});
