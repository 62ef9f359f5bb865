/** What is measured: each operation as our job, and as the commands a person would give to the rival. */
import type { Inputs } from './inputs.ts';
import { quiet, type Rival } from './rival.ts';

/**
 * How the two are comparable.
 * - `same settings`: same encoder, same settings, same result.
 * - `same result`: the same result, found in different ways.
 * - `defaults`: each by its own defaults; size and quality stand beside the figures.
 */
export type Terms = 'same settings' | 'same result' | 'defaults';

/** How the results are compared: as films frame by frame, as sets of pictures, as lists of cuts, as sounds by length. */
export type Check = 'film' | 'pictures' | 'cuts' | 'sound' | 'none';

export interface Made {
  /** File or folder that the operation writes. */
  path: string;
}

export interface Operation {
  name: string;
  title: string;
  terms: Terms;
  check: Check;
  ours: {
    task: string;
    input: keyof Inputs | null;
    params(inputs: Inputs): Record<string, unknown>;
    /** Name of the output, such as `film.mp4`, or of the folder. */
    output: string;
  };
  /** The rival's commands, run one after another. `made` is the file, or the folder, which exists. */
  rival(rival: Rival, inputs: Inputs, made: string, facts: FilmFacts): string[][];
  /** Name of the rival's output; default as ours. */
  rivalOutput?: string;
}

export interface FilmFacts {
  duration_s: number;
}

const none = () => ({});
const SCALE_720 = ['-vf', 'scale=-2:720'];
const COPY_SOUND = ['-c:a', 'copy', '-movflags', '+faststart'];

export const OPERATIONS: Operation[] = [
  {
    name: 'h265-same',
    title: 'H.265, preset fast, 2 Mb/s',
    terms: 'same settings',
    check: 'film',
    ours: {
      task: 'transcode_h264_to_h265',
      input: 'film',
      params: () => ({ preset: 'fast', bitrate: '2M' }),
      output: 'film.mp4',
    },
    rival: (rival, { film }, made) => [
      quiet(
        rival,
        ...['-i', film, '-c:v', 'libx265', '-preset', 'fast', '-b:v', '2M', '-tag:v', 'hvc1'],
        ...['-x265-params', 'log-level=error', ...COPY_SOUND, made],
      ),
    ],
  },
  {
    name: 'h265-defaults',
    title: 'H.265, defaults',
    terms: 'defaults',
    check: 'film',
    ours: { task: 'transcode_h264_to_h265', input: 'film', params: none, output: 'film.mp4' },
    rival: (rival, { film }, made) => [
      quiet(
        rival,
        ...['-i', film, '-c:v', 'libx265', '-tag:v', 'hvc1', '-x265-params', 'log-level=error'],
        ...[...COPY_SOUND, made],
      ),
    ],
  },
  {
    name: 'resize-same',
    title: 'Resize to 720p, preset medium, CRF 23',
    terms: 'same settings',
    check: 'film',
    ours: {
      task: 'resize_to_720p',
      input: 'film',
      params: () => ({ preset: 'medium', crf: 23 }),
      output: 'film.mp4',
    },
    rival: (rival, { film }, made) => [
      quiet(
        rival,
        ...['-i', film, ...SCALE_720, '-c:v', 'libx264', '-preset', 'medium', '-crf', '23'],
        ...[...COPY_SOUND, made],
      ),
    ],
  },
  {
    name: 'resize-defaults',
    title: 'Resize to 720p, defaults',
    terms: 'defaults',
    check: 'film',
    ours: { task: 'resize_to_720p', input: 'film', params: none, output: 'film.mp4' },
    rival: (rival, { film }, made) => [
      quiet(rival, '-i', film, ...SCALE_720, '-c:v', 'libx264', ...COPY_SOUND, made),
    ],
  },
  {
    name: 'frames-100',
    title: '100 exact frames as JPEG',
    terms: 'same result',
    check: 'pictures',
    ours: { task: 'extract_frames', input: 'film', params: () => ({ count: 100 }), output: 'frames' },
    rival: (rival, { film }, made, { duration_s }) => [
      quiet(rival, '-i', film, '-vf', `fps=${100 / duration_s}`, '-q:v', '3', `${made}/%04d.jpg`),
    ],
  },
  {
    name: 'thumbnails-10',
    title: '10 exact thumbnails, one command',
    terms: 'same result',
    check: 'pictures',
    ours: {
      task: 'extract_thumbnails',
      input: 'film',
      params: () => ({ count: 10, exact: true }),
      output: 'thumbnails',
    },
    rival: (rival, { film }, made, { duration_s }) => [
      quiet(
        rival,
        ...['-i', film, '-vf', `fps=${10 / duration_s},scale=320:-2`, '-q:v', '3', `${made}/%04d.jpg`],
      ),
    ],
  },
  {
    name: 'thumbnails-10-seeks',
    title: '10 exact thumbnails, against ten seeks',
    terms: 'same result',
    check: 'pictures',
    ours: {
      task: 'extract_thumbnails',
      input: 'film',
      params: () => ({ count: 10, exact: true }),
      output: 'thumbnails',
    },
    rival: (rival, { film }, made, { duration_s }) =>
      Array.from({ length: 10 }, (_, index) =>
        quiet(
          rival,
          ...['-ss', String((index * duration_s) / 10), '-i', film, '-frames:v', '1'],
          ...['-vf', 'scale=320:-2', '-q:v', '3', `${made}/${index}.jpg`],
        ),
      ),
  },
  {
    name: 'scene-cuts',
    title: 'Scene cuts',
    terms: 'same result',
    check: 'cuts',
    ours: { task: 'detect_scene_cuts', input: 'film', params: none, output: 'cuts.json' },
    rival: (rival, { film }, made) => [
      quiet(
        rival,
        ...['-i', film, '-an', '-vf', `select='gt(scene,0.3)',metadata=print:file=${made}`],
        ...['-f', 'null', '-'],
      ),
    ],
    rivalOutput: 'cuts.txt',
  },
  {
    name: 'gif',
    title: 'GIF, 5 s at 10 fps',
    terms: 'same result',
    check: 'none',
    ours: { task: 'create_animated_gif', input: 'film', params: none, output: 'clip.gif' },
    rival: (rival, { film }, made) => [
      quiet(
        rival,
        ...['-t', '5', '-i', film, '-filter_complex'],
        '[0:v]fps=10,scale=480:-2,split[a][b];[a]palettegen[p];[b][p]paletteuse',
        made,
      ),
    ],
  },
  {
    name: 'waveform',
    title: 'Waveform of 10 min, against decoding to PCM alone',
    terms: 'same result',
    check: 'none',
    ours: { task: 'generate_waveform_json', input: 'sound', params: none, output: 'waveform.json' },
    rival: (rival, { sound }) => [quiet(rival, '-i', sound, '-f', 's16le', '/dev/null')],
  },
  {
    name: 'extract-mp3',
    title: 'Sound of a film as MP3, 128 kb/s',
    terms: 'same settings',
    check: 'sound',
    ours: {
      task: 'extract_audio_from_video',
      input: 'film',
      params: () => ({ format: 'mp3', bitrate: '128k' }),
      output: 'sound.mp3',
    },
    rival: (rival, { film }, made) => [
      quiet(rival, '-i', film, '-vn', '-c:a', 'libmp3lame', '-b:a', '128k', made),
    ],
  },
  {
    name: 'resample',
    title: 'Resample 10 min from 44.1 to 48 kHz, WAV',
    terms: 'same settings',
    check: 'sound',
    ours: {
      task: 'resample_audio',
      input: 'sound',
      params: () => ({ sample_rate: 48000 }),
      output: 'sound.wav',
    },
    rival: (rival, { sound }, made) => [quiet(rival, '-i', sound, '-vn', '-ar', '48000', made)],
  },
  {
    name: 'mix',
    title: 'Mix 10 min with 1 min, WAV',
    terms: 'same result',
    check: 'sound',
    ours: {
      task: 'mix_audio_tracks',
      input: null,
      params: (inputs) => ({ input_files: [inputs.sound, inputs['second sound']] }),
      output: 'mix.wav',
    },
    rival: (rival, inputs, made) => [
      quiet(
        rival,
        ...['-i', inputs.sound, '-i', inputs['second sound'], '-filter_complex'],
        ...['amix=inputs=2:duration=longest:normalize=0', made],
      ),
    ],
  },
  {
    name: 'normalize',
    title: 'Normalise 10 min to −23 LUFS, two passes, WAV',
    terms: 'same result',
    check: 'sound',
    ours: { task: 'normalize_audio', input: 'sound', params: none, output: 'sound.wav' },
    // The second pass is given figures of the first by scripts; the time is the same whatever the figures are.
    rival: (rival, { sound }, made) => [
      quiet(rival, '-i', sound, '-vn', '-af', 'loudnorm=I=-23:TP=-1:print_format=json', '-f', 'null', '-'),
      quiet(
        rival,
        ...['-i', sound, '-vn', '-af'],
        'loudnorm=I=-23:TP=-1:linear=true:measured_I=-20:measured_TP=-3:measured_LRA=5:measured_thresh=-30',
        ...['-ar', '44100', made],
      ),
    ],
  },
  {
    name: 'copy-sound',
    title: 'Sound of a film, copied',
    terms: 'same result',
    check: 'sound',
    ours: {
      task: 'extract_audio_from_video',
      input: 'film',
      params: () => ({ format: 'm4a' }),
      output: 'sound.m4a',
    },
    rival: (rival, { film }, made) => [quiet(rival, '-i', film, '-vn', '-c:a', 'copy', made)],
  },
  {
    name: 'watermark',
    title: 'Watermark, preset medium, CRF 23',
    terms: 'same settings',
    check: 'film',
    ours: {
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
    },
    rival: (rival, { film, picture }, made) => [
      quiet(
        rival,
        ...['-i', film, '-i', picture, '-filter_complex', '[0:v][1:v]overlay=16:16'],
        ...['-c:v', 'libx264', '-preset', 'medium', '-crf', '23', ...COPY_SOUND, made],
      ),
    ],
  },
  {
    name: 'probe',
    title: 'Probe',
    terms: 'same result',
    check: 'none',
    ours: { task: 'probe_media_file', input: 'film', params: none, output: 'probe.json' },
    rival: ({ ffprobe }, { film }) => [
      [ffprobe, '-v', 'error', '-show_format', '-show_streams', '-show_chapters', '-of', 'json', film],
    ],
  },
];
