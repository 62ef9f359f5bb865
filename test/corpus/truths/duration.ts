/** Durations. Containers round differently; the truth is given to the millisecond. */
import { truthChecker } from '../check.ts';
import { audioStreams, isVideo } from '../manifest.ts';

const TOLERANCE_S = 0.005;

export default [
  truthChecker<number>(
    'duration_s',
    'get_video_info',
    async (context, wanted) => {
      const { data } = await context.run('get_video_info');
      context.near('duration_s', data.duration_s, wanted, TOLERANCE_S);
      context.note(`${data.duration_s} s`);
    },
    { applies: (entry) => 'duration_s' in entry.truth && isVideo(entry) },
  ),
  truthChecker<number>(
    'duration_s',
    'get_audio_info',
    async (context, wanted) => {
      const { data } = await context.run('get_audio_info');
      context.near('duration_s', data.duration_s, wanted, TOLERANCE_S);
      context.note(`${data.duration_s} s`);
    },
    { applies: (entry) => 'duration_s' in entry.truth && !isVideo(entry) && audioStreams(entry).length > 0 },
  ),
];
