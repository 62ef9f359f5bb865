/**
 * What every job answers to every kind of bad input: the error code, or that it does its work all the same
 * because it takes any bytes. A job of the registry that is not in here fails the test.
 */
import type { ErrorCode } from '../../../src/core/errors.ts';
import type { Params } from '../../../src/core/registry.ts';
import type { InputKind, Inputs } from './inputs.ts';

/**
 * `done`: it finishes, and rightly so. `partial`: it finishes with a warning that says what is missing. `refuted`:
 * it was asked for a verdict, and finishes with one that is not good. Anything else is the error it fails with.
 */
export type Answer = ErrorCode | 'done' | 'partial' | 'refuted';

export interface JobRow {
  /** Name of the output; null for jobs without one. */
  output: string | null;
  /** Params it cannot do without, and those that make it fast. */
  params?: (inputs: Inputs) => Params;
  /** Null for jobs that take no input. */
  inputs: Record<InputKind, Answer> | null;
  /** A folder where a file is wanted. */
  folder?: Answer;
  /** No input at all. */
  none?: Answer;
}

const ANY_BYTES: Record<InputKind, Answer> = {
  empty: 'done',
  text: 'done',
  no_index: 'done',
  stump: 'done',
  broken_off: 'done',
  sound: 'done',
  silent: 'done',
  photo: 'done',
};

const MEDIA: Record<InputKind, Answer> = {
  ...ANY_BYTES,
  empty: 'unsupported_media',
  text: 'unsupported_media',
  no_index: 'unsupported_media',
};

/** Jobs that read a video from end to end. */
const WHOLE_VIDEO: Record<InputKind, Answer> = {
  ...MEDIA,
  stump: 'corrupt_media',
  broken_off: 'output_verification_failed',
  sound: 'no_video_stream',
  photo: 'no_video_stream',
};

/** Jobs that take single frames: what is there can be had, and the warnings say what is not. */
const FRAMES: Record<InputKind, Answer> = { ...WHOLE_VIDEO, broken_off: 'partial' };

/** Jobs that read the sound from end to end. */
const WHOLE_SOUND: Record<InputKind, Answer> = {
  ...MEDIA,
  stump: 'no_audio_stream',
  broken_off: 'output_verification_failed',
  silent: 'no_audio_stream',
  photo: 'no_audio_stream',
};

/** Jobs that say whether media is sound: what is no media at all has no verdict. */
const DAMAGE: Record<InputKind, Answer> = {
  ...MEDIA,
  stump: 'refuted',
  broken_off: 'refuted',
  photo: 'refuted',
};

const FAST = () => ({ preset: 'ultrafast' });

export const TABLE: Record<string, JobRow> = {
  create_file_manifest: { output: 'out.json', inputs: ANY_BYTES, folder: 'done' },
  download_file: {
    output: 'out.bin',
    params: () => ({ url: 'http://127.0.0.1:9/a.mp4' }),
    inputs: null,
    none: 'blocked_address',
  },
  // Without chunk_files the input must be the manifest of a split.
  merge_file_chunks: {
    output: 'out.bin',
    inputs: {
      empty: 'invalid_params',
      text: 'invalid_params',
      no_index: 'invalid_params',
      stump: 'invalid_params',
      broken_off: 'invalid_params',
      sound: 'invalid_params',
      silent: 'invalid_params',
      photo: 'invalid_params',
    },
    folder: 'input_not_found',
    none: 'invalid_params',
  },
  // Tells what the headers say, which is true of a photo and of the head of a broken file as well.
  probe_media_file: { output: 'out.json', inputs: MEDIA },
  sanitize_filename: {
    output: 'out.json',
    params: () => ({ filename: 'a:b.mp4' }),
    inputs: null,
    none: 'done',
  },
  split_file_chunks: { output: 'parts', inputs: ANY_BYTES },
  validate_checksum: {
    output: 'out.json',
    params: () => ({ expected_hash: 'a'.repeat(64), fail_on_invalid: false }),
    inputs: {
      empty: 'refuted',
      text: 'refuted',
      no_index: 'refuted',
      stump: 'refuted',
      broken_off: 'refuted',
      sound: 'refuted',
      silent: 'refuted',
      photo: 'refuted',
    },
  },
  verify_file_integrity: { output: 'out.json', inputs: DAMAGE },

  apply_watermark: {
    output: 'out.mp4',
    params: ({ logo }) => ({ watermark_path: logo, ...FAST() }),
    inputs: WHOLE_VIDEO,
  },
  create_animated_gif: { output: 'out.gif', inputs: WHOLE_VIDEO },
  detect_scene_cuts: { output: 'out.json', inputs: WHOLE_VIDEO },
  extract_frames: { output: 'frames', inputs: FRAMES },
  extract_key_frame: { output: 'out.jpg', inputs: FRAMES },
  extract_thumbnails: { output: 'thumbs', inputs: FRAMES },
  get_video_info: { output: 'out.json', inputs: { ...WHOLE_VIDEO, broken_off: 'partial' } },
  resize_to_720p: { output: 'out.mp4', params: FAST, inputs: WHOLE_VIDEO },
  transcode_h264_to_h265: { output: 'out.mp4', params: FAST, inputs: WHOLE_VIDEO },

  extract_audio_from_video: { output: 'out.mp3', inputs: WHOLE_SOUND },
  generate_waveform_json: { output: 'out.json', inputs: WHOLE_SOUND },
  // Reads the headers alone.
  get_audio_info: { output: 'out.json', inputs: { ...WHOLE_SOUND, broken_off: 'done' } },
  mix_audio_tracks: {
    output: 'out.wav',
    params: ({ sound }) => ({ input_files: [sound, sound] }),
    inputs: null,
    none: 'done',
  },
  normalize_audio: { output: 'out.wav', inputs: WHOLE_SOUND },
  resample_audio: { output: 'out.wav', inputs: WHOLE_SOUND },

  calculate_sha256: { output: 'out.sha256', inputs: ANY_BYTES },
  // The next job looks at the file, not this one.
  chain_job_trigger: {
    output: null,
    params: () => ({ next_task: 'get_video_info', next_output: '/data/output/next.json' }),
    inputs: ANY_BYTES,
    folder: 'done',
    none: 'done',
  },
  compress_archive: { output: 'out.gz', inputs: ANY_BYTES, folder: 'done' },
  // exiftool knows text; of a broken file it tells what it finds, with its own warning.
  extract_exif_metadata: {
    output: 'out.json',
    inputs: {
      ...ANY_BYTES,
      empty: 'unsupported_media',
      no_index: 'partial',
      stump: 'partial',
      broken_off: 'partial',
    },
  },
  validate_format_compliance: { output: 'out.json', inputs: DAMAGE },
  purge_original_file: { output: null, inputs: ANY_BYTES },
  report_metrics: {
    output: null,
    params: () => ({ job_id: 'a-job', metrics: { vmaf: 94.2 } }),
    inputs: null,
    none: 'done',
  },
};

/** Jobs that name further files in their params: the params with `bad` in place of one of them. */
export const SECOND_INPUTS: {
  job: string;
  what: string;
  params(bad: string, inputs: Inputs): Params;
  answers: Partial<Record<InputKind | 'missing' | 'folder', Answer>>;
}[] = [
  {
    job: 'apply_watermark',
    what: 'watermark_path',
    params: (watermark_path) => ({ watermark_path, ...FAST() }),
    answers: {
      missing: 'input_not_found',
      folder: 'unsupported_media',
      empty: 'unsupported_media',
      text: 'unsupported_media',
      no_index: 'unsupported_media',
      stump: 'unsupported_media',
      sound: 'unsupported_media',
      photo: 'done',
    },
  },
  ...[0, 1].map((place) => ({
    job: 'mix_audio_tracks',
    what: `input_files.${place}`,
    params: (bad: string, { sound }: Inputs) => ({ input_files: place === 0 ? [bad, sound] : [sound, bad] }),
    answers: {
      missing: 'input_not_found' as const,
      folder: 'unsupported_media' as const,
      empty: 'unsupported_media' as const,
      text: 'unsupported_media' as const,
      no_index: 'unsupported_media' as const,
      stump: 'no_audio_stream' as const,
      broken_off: 'output_verification_failed' as const,
      silent: 'no_audio_stream' as const,
      photo: 'no_audio_stream' as const,
      sound: 'done' as const,
    },
  })),
  {
    job: 'merge_file_chunks',
    what: 'chunk_files',
    params: (bad, { text }) => ({ chunk_files: [text, bad] }),
    answers: { missing: 'input_not_found', folder: 'invalid_request', empty: 'done', photo: 'done' },
  },
];
