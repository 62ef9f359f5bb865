import { none, type Operation, type OurJob } from '../operation.ts';
import { quiet } from '../rival.ts';

export const TEN_THUMBNAILS: OurJob = {
  task: 'extract_thumbnails',
  input: 'film',
  params: () => ({ count: 10, exact: true }),
  output: 'thumbnails',
  check: 'pictures',
};

export const SCENE_CUTS: OurJob = {
  task: 'detect_scene_cuts',
  input: 'film',
  params: none,
  output: 'cuts.json',
  rivalOutput: 'cuts.txt',
  check: 'cuts',
};

/** Our thumbnails are 320 pixels wide by default. */
export const thumbnailGraph = (seconds: number): string => `fps=${10 / seconds},scale=320:-2`;
/** Our threshold and measure are this filter's. */
export const cutsGraph = (file: string): string => `select='gt(scene,0.3)',metadata=print:file=${file}`;
/** Of the rival's JPEG files, about what our default quality is. */
export const JPEG_QUALITY = ['-q:v', '3'];

export const PICTURES: Operation[] = [
  {
    name: 'frames-100',
    title: '100 exact frames as JPEG',
    terms: 'same result',
    ours: [
      {
        task: 'extract_frames',
        input: 'film',
        params: () => ({ count: 100 }),
        output: 'frames',
        check: 'pictures',
      },
    ],
    rival: (rival, { film }, at, { duration_s }) => [
      quiet(rival, '-i', film, '-vf', `fps=${100 / duration_s}`, ...JPEG_QUALITY, `${at('frames')}/%04d.jpg`),
    ],
  },
  {
    name: 'thumbnails-10',
    title: '10 exact thumbnails, one command',
    terms: 'same result',
    ours: [TEN_THUMBNAILS],
    rival: (rival, { film }, at, { duration_s }) => [
      quiet(
        rival,
        ...['-i', film, '-vf', thumbnailGraph(duration_s), ...JPEG_QUALITY],
        `${at('thumbnails')}/%04d.jpg`,
      ),
    ],
  },
  {
    name: 'thumbnails-10-seeks',
    title: '10 exact thumbnails, against ten seeks',
    terms: 'same result',
    ours: [TEN_THUMBNAILS],
    rival: (rival, { film }, at, { duration_s }) =>
      Array.from({ length: 10 }, (_, index) =>
        quiet(
          rival,
          ...['-ss', String((index * duration_s) / 10), '-i', film, '-frames:v', '1'],
          ...['-vf', 'scale=320:-2', ...JPEG_QUALITY, `${at('thumbnails')}/${index}.jpg`],
        ),
      ),
  },
  {
    name: 'scene-cuts',
    title: 'Scene cuts',
    terms: 'same result',
    ours: [SCENE_CUTS],
    rival: (rival, { film }, at) => [
      quiet(rival, '-i', film, '-an', '-vf', cutsGraph(at('cuts.txt')), '-f', 'null', '-'),
    ],
  },
  {
    name: 'gif',
    title: 'GIF, 5 s at 10 fps',
    terms: 'same result',
    ours: [{ task: 'create_animated_gif', input: 'film', params: none, output: 'clip.gif', check: 'none' }],
    rival: (rival, { film }, at) => [
      quiet(
        rival,
        ...['-t', '5', '-i', film, '-filter_complex'],
        '[0:v]fps=10,scale=480:-2,split[a][b];[a]palettegen[p];[b][p]paletteuse',
        at('clip.gif'),
      ),
    ],
  },
];
