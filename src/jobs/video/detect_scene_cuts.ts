import { z } from 'zod';
import { mainVideo, type VideoStreamFacts } from '../../core/facts.ts';
import { defineJob } from '../../core/job.ts';
import { plural } from '../../core/plural.ts';
import { secondsText } from '../planning/describe.ts';

export default defineJob({
  name: 'detect_scene_cuts',
  title: 'Find scene cuts',
  description:
    "Where one shot ends and the next begins, by FFmpeg's scene score of each frame against the one before.",
  group: 'video',
  params: z.object({
    threshold: z.number().min(0).max(1).default(0.3).meta({
      description: 'A frame with at least this score begins a new scene; 0.3 to 0.5 suits most films.',
    }),
    min_scene_seconds: z
      .number()
      .min(0)
      .max(3600)
      .default(0)
      .meta({ description: 'Cuts nearer than this to the one before are passed over.', unit: 'seconds' }),
  }),
  input: { kind: 'media', needs: 'video' },
  output: { kind: 'file', extensions: ['.json'] },
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/cuts.json',
    params: { threshold: 0.3 },
    result: {
      cuts: [
        { time_s: 0.48, frame: 12, score: 1 },
        { time_s: 0.8, frame: 20, score: 1 },
      ],
      frames: 30,
      duration_s: 1.2,
    },
  },

  plan(source, { threshold, min_scene_seconds }) {
    const video = mainVideo(source) as VideoStreamFacts;
    return {
      inputs: [],
      outputs: [{ kind: 'scenes', stream: video.index, threshold, min_scene_s: min_scene_seconds }],
    };
  },

  report(results) {
    const [made] = results;
    if (made?.kind !== 'scenes') throw new TypeError('The plan looked for no scenes.');
    const { cuts, frames, duration_s, warnings } = made;
    const data = { cuts, frames, duration_s };
    return {
      message: `${plural(cuts.length, 'cut')} in ${secondsText(duration_s)}`,
      data,
      warnings,
      metrics: { frames, cuts: cuts.length },
      document: data,
    };
  },
});
