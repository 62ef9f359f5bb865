/** Many outputs of one film: ours in one pass, theirs in four runs or in the best single run that one can write. */
import type { Operation, OurJob } from '../operation.ts';
import { quiet } from '../rival.ts';
import { COPY_SOUND } from './films.ts';
import { cutsGraph, JPEG_QUALITY, SCENE_CUTS, TEN_THUMBNAILS, thumbnailGraph } from './pictures.ts';

const OURS: readonly [OurJob, ...OurJob[]] = [
  {
    task: 'resize_to_720p',
    input: 'film',
    params: () => ({ preset: 'medium', crf: 23 }),
    output: 'film.mp4',
    check: 'film',
  },
  TEN_THUMBNAILS,
  SCENE_CUTS,
  {
    task: 'generate_waveform_json',
    input: 'film',
    params: () => ({}),
    output: 'waveform.json',
    rivalOutput: null,
    check: 'none',
  },
];

const X264 = ['-c:v', 'libx264', '-preset', 'medium', '-crf', '23', ...COPY_SOUND];
/** ffmpeg has no waveform of its own: decoding the sound is the part it would have to do at least. */
const PCM = ['-f', 's16le', '/dev/null'];

export const RECIPES: Operation[] = [
  {
    name: 'recipe-four-runs',
    title: '720p, 10 thumbnails, cuts and waveform, against four runs',
    terms: 'same result',
    ours: OURS,
    rival: (rival, { film }, at, { duration_s }) => [
      quiet(rival, '-i', film, '-vf', 'scale=-2:720', ...X264, at('film.mp4')),
      quiet(
        rival,
        ...['-i', film, '-vf', thumbnailGraph(duration_s), ...JPEG_QUALITY],
        `${at('thumbnails')}/%04d.jpg`,
      ),
      quiet(rival, '-i', film, '-an', '-vf', cutsGraph(at('cuts.txt')), '-f', 'null', '-'),
      quiet(rival, '-i', film, '-vn', ...PCM),
    ],
  },
  {
    name: 'recipe-one-pass',
    title: '720p, 10 thumbnails, cuts and waveform, against one run',
    terms: 'same result',
    ours: OURS,
    rival: (rival, { film }, at, { duration_s }) => [
      quiet(
        rival,
        ...['-i', film, '-filter_complex'],
        // A film without cuts gives no frames, of which no output can be made: the filter ends in nothing.
        // Thumbnails and scores from the scaled frames: that is cheaper than from the large ones.
        '[0:v]scale=-2:720,split=3[small][some][all];' +
          `[some]${thumbnailGraph(duration_s)}[thumbnails];[all]${cutsGraph(at('cuts.txt'))},nullsink`,
        ...['-map', '[small]', '-map', '0:a', ...X264, at('film.mp4')],
        ...['-map', '[thumbnails]', ...JPEG_QUALITY, `${at('thumbnails')}/%04d.jpg`],
        ...['-map', '0:a', ...PCM],
      ),
    ],
  },
];
