import { none, type Operation } from '../operation.ts';
import { quiet } from '../rival.ts';

const SCALE_720 = ['-vf', 'scale=-2:720'];
export const COPY_SOUND = ['-c:a', 'copy', '-movflags', '+faststart'];

/** As it comes. */
const H265: Operation['rival'] = (rival, { film }, at) => [
  quiet(
    rival,
    ...['-i', film, '-c:v', 'libx265', '-tag:v', 'hvc1', '-x265-params', 'log-level=error'],
    ...[...COPY_SOUND, at('film.mp4')],
  ),
];

export const FILMS: Operation[] = [
  {
    name: 'h265-same',
    title: 'H.265, preset fast, 2 Mb/s',
    terms: 'same settings',
    ours: [
      {
        task: 'transcode_h264_to_h265',
        input: 'film',
        params: () => ({ preset: 'fast', bitrate: '2M' }),
        output: 'film.mp4',
        check: 'film',
      },
    ],
    rival: (rival, { film }, at) => [
      quiet(
        rival,
        ...['-i', film, '-c:v', 'libx265', '-preset', 'fast', '-b:v', '2M', '-tag:v', 'hvc1'],
        ...['-x265-params', 'log-level=error', ...COPY_SOUND, at('film.mp4')],
      ),
    ],
  },
  {
    name: 'h265-defaults',
    title: 'H.265, defaults',
    terms: 'defaults',
    ours: [
      {
        task: 'transcode_h264_to_h265',
        input: 'film',
        params: none,
        output: 'film.mp4',
        check: 'film',
      },
    ],
    rival: H265,
  },
  {
    name: 'h265-crf-28',
    title: 'H.265, our settings at the CRF of ffmpeg',
    terms: 'defaults',
    ours: [
      {
        task: 'transcode_h264_to_h265',
        input: 'film',
        params: () => ({ crf: 28 }),
        output: 'film.mp4',
        check: 'film',
      },
    ],
    rival: H265,
  },
  {
    name: 'resize-same',
    title: 'Resize to 720p, preset medium, CRF 23',
    terms: 'same settings',
    ours: [
      {
        task: 'resize_to_720p',
        input: 'film',
        params: () => ({ preset: 'medium', crf: 23 }),
        output: 'film.mp4',
        check: 'film',
      },
    ],
    rival: (rival, { film }, at) => [
      quiet(
        rival,
        ...['-i', film, ...SCALE_720, '-c:v', 'libx264', '-preset', 'medium', '-crf', '23'],
        ...[...COPY_SOUND, at('film.mp4')],
      ),
    ],
  },
  {
    name: 'resize-defaults',
    title: 'Resize to 720p, defaults',
    terms: 'defaults',
    ours: [{ task: 'resize_to_720p', input: 'film', params: none, output: 'film.mp4', check: 'film' }],
    rival: (rival, { film }, at) => [
      quiet(rival, '-i', film, ...SCALE_720, '-c:v', 'libx264', ...COPY_SOUND, at('film.mp4')),
    ],
  },
  {
    name: 'watermark',
    title: 'Watermark, preset medium, CRF 23',
    terms: 'same settings',
    ours: [
      {
        task: 'apply_watermark',
        input: 'film',
        params: (inputs) => ({
          watermark_path: inputs.picture,
          position: 'top-left',
          margin: 16,
          opacity: 1,
          scale: 1 / 6,
          preset: 'medium',
          crf: 23,
        }),
        output: 'film.mp4',
        check: 'frames',
      },
    ],
    uses: ['picture'],
    rival: (rival, { film, picture }, at) => [
      quiet(
        rival,
        ...['-i', film, '-i', picture, '-filter_complex', '[0:v][1:v]overlay=16:16'],
        ...['-c:v', 'libx264', '-preset', 'medium', '-crf', '23', ...COPY_SOUND, at('film.mp4')],
      ),
    ],
  },
  {
    name: 'probe',
    title: 'Probe',
    terms: 'same result',
    ours: [{ task: 'probe_media_file', input: 'film', params: none, output: 'probe.json', check: 'none' }],
    rival: ({ ffprobe }, { film }) => [
      [ffprobe, '-v', 'error', '-show_format', '-show_streams', '-show_chapters', '-of', 'json', film],
    ],
  },
];
