/**
 * Every task whose cost could grow with its input, at least one for each way the engine reads. Downloads wait for
 * others, and the rest (file names, errands to the queue) reads no input.
 */
import type { LongInputs } from './long-inputs.ts';

export interface Step {
  task: string;
  params?(inputs: LongInputs): Record<string, unknown>;
  output: string;
}

export interface Subject extends Step {
  name: string;
  input: keyof LongInputs | null;
  /** Further outputs of the same read. */
  and?: readonly Step[];
}

const FASTEST = { preset: 'ultrafast' };

export const SUBJECTS: Subject[] = [
  { name: 'probe', task: 'probe_media_file', input: 'film', output: 'probe.json' },
  { name: 'video-info', task: 'get_video_info', input: 'film', output: 'info.json' },
  { name: 'audio-info', task: 'get_audio_info', input: 'sound', output: 'info.json' },
  { name: 'integrity', task: 'verify_file_integrity', input: 'film', output: 'integrity.json' },
  { name: 'format', task: 'validate_format_compliance', input: 'film', output: 'format.json' },
  { name: 'exif', task: 'extract_exif_metadata', input: 'film', output: 'exif.json' },
  { name: 'manifest', task: 'create_file_manifest', input: 'film', output: 'manifest.json' },
  { name: 'sha256', task: 'calculate_sha256', input: 'film', output: 'film.sha256' },
  {
    name: 'checksum',
    task: 'validate_checksum',
    input: 'film',
    params: () => ({ expected_hash: '0'.repeat(64), fail_on_invalid: false }),
    output: 'checksum.json',
  },
  {
    name: 'split',
    task: 'split_file_chunks',
    input: 'film',
    params: () => ({ chunk_size: '1MB' }),
    output: 'parts',
  },
  {
    name: 'merge',
    task: 'merge_file_chunks',
    input: null,
    params: ({ film, sound }) => ({ chunk_files: [film, sound] }),
    output: 'merged.bin',
  },
  { name: 'compress', task: 'compress_archive', input: 'film', output: 'film.zst' },
  {
    name: 'h265',
    task: 'transcode_h264_to_h265',
    input: 'film',
    params: () => FASTEST,
    output: 'film.mp4',
  },
  {
    name: 'resize',
    task: 'resize_to_720p',
    input: 'film',
    params: () => ({ ...FASTEST, height: 90 }),
    output: 'film.mp4',
  },
  {
    name: 'watermark',
    task: 'apply_watermark',
    input: 'film',
    params: ({ picture }) => ({ ...FASTEST, watermark_path: picture }),
    output: 'film.mp4',
  },
  { name: 'gif', task: 'create_animated_gif', input: 'film', output: 'clip.gif' },
  { name: 'scene-cuts', task: 'detect_scene_cuts', input: 'film', output: 'cuts.json' },
  {
    name: 'frames-100',
    task: 'extract_frames',
    input: 'film',
    params: () => ({ count: 100 }),
    output: 'frames',
  },
  {
    name: 'frames-every-2s',
    task: 'extract_frames',
    input: 'film',
    params: () => ({ every_seconds: 2 }),
    output: 'frames',
  },
  {
    name: 'frame-at-end',
    task: 'extract_key_frame',
    input: 'film',
    params: () => ({ timestamp: '99%' }),
    output: 'frame.jpg',
  },
  { name: 'thumbnails', task: 'extract_thumbnails', input: 'film', output: 'thumbnails' },
  {
    name: 'thumbnails-exact',
    task: 'extract_thumbnails',
    input: 'film',
    params: () => ({ exact: true }),
    output: 'thumbnails',
  },
  {
    name: 'copy-sound',
    task: 'extract_audio_from_video',
    input: 'film',
    params: () => ({ format: 'm4a' }),
    output: 'sound.m4a',
  },
  {
    name: 'extract-mp3',
    task: 'extract_audio_from_video',
    input: 'film',
    params: () => ({ format: 'mp3' }),
    output: 'sound.mp3',
  },
  { name: 'waveform', task: 'generate_waveform_json', input: 'sound', output: 'waveform.json' },
  {
    name: 'resample',
    task: 'resample_audio',
    input: 'sound',
    params: () => ({ sample_rate: 32000 }),
    output: 'sound.wav',
  },
  {
    name: 'mix',
    task: 'mix_audio_tracks',
    input: null,
    params: ({ sound }) => ({ input_files: [sound, { path: sound, delay_ms: 500 }] }),
    output: 'mix.wav',
  },
  { name: 'normalize', task: 'normalize_audio', input: 'sound', output: 'sound.wav' },
  {
    name: 'recipe',
    task: 'resize_to_720p',
    input: 'film',
    params: () => ({ ...FASTEST, height: 90 }),
    output: 'film.mp4',
    and: [
      { task: 'extract_thumbnails', params: () => ({ exact: true }), output: 'thumbnails' },
      { task: 'detect_scene_cuts', output: 'cuts.json' },
      { task: 'generate_waveform_json', output: 'waveform.json' },
    ],
  },
];
