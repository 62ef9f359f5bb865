/** Scene cuts. */
import { truthChecker } from '../check.ts';

interface Cut {
  time_s: number;
  frame: number;
  score: number;
}

const CUT_TIME_TOLERANCE_S = 0.001;

export default [
  truthChecker<number[]>('cut_frames', 'detect_scene_cuts', async (context, wanted) => {
    const { data } = await context.run('detect_scene_cuts');
    const frames = (data.cuts as Cut[]).map(({ frame }) => frame);
    context.equal('cut frames', frames, wanted);
    context.note(frames.join(' '));
  }),
  ...['cut_times_s', 'ffmpeg_scene_0.3'].map((kind) =>
    truthChecker<number[]>(kind, 'detect_scene_cuts', async (context, wanted) => {
      const { data } = await context.run('detect_scene_cuts', { threshold: 0.3 });
      const times = (data.cuts as Cut[]).map(({ time_s }) => time_s);
      context.equal('number of cuts', times.length, wanted.length);
      for (const [i, time] of wanted.entries())
        context.near(`cut ${i + 1}`, times[i], time, CUT_TIME_TOLERANCE_S);
      context.note(times.join(' '));
    }),
  ),
];
