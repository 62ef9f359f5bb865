/** Params that make no sense, and what they are answered with: `invalid_params` unless it says otherwise here. */
import type { Params } from '../../../src/core/registry.ts';
import type { Inputs } from './inputs.ts';
import type { Answer } from './table.ts';

/** Given to every parameter of every job, one at a time. */
export const ABSURD_VALUES = {
  negative: -1,
  huge: 1e308,
  infinite: Number.POSITIVE_INFINITY,
  'not a number': Number.NaN,
  'NaN as text': 'NaN',
  'Infinity as text': 'Infinity',
  'minus one as text': '-1',
  'more than a number holds as text': '1e999',
  'no text': '',
  'ten thousand letters': 'x'.repeat(10_000),
  'ten thousand digits': '9'.repeat(10_000),
  'a NUL in it': 'a\0b',
  null: null,
  list: [],
  object: {},
} as const;
export type AbsurdValue = keyof typeof ABSURD_VALUES;

type Exceptions = Partial<Record<AbsurdValue, Answer>>;

/** A text of the user's own: any will do. */
function anyText(answer: Answer): Exceptions {
  return {
    'NaN as text': answer,
    'Infinity as text': answer,
    'minus one as text': answer,
    'more than a number holds as text': answer,
    'a NUL in it': answer,
  };
}

/** Names that FFmpeg is asked for, and does not know. */
const VIDEO_ENCODING: Record<string, Exceptions> = {
  codec: {
    'minus one as text': 'encoder_unavailable',
    'more than a number holds as text': 'encoder_unavailable',
  },
  options: { object: 'done' },
};

/** By job and parameter. */
export const EXCEPTIONS: Record<string, Record<string, Exceptions>> = {
  sanitize_filename: {
    filename: {
      ...anyText('done'),
      'no text': 'done',
      'ten thousand letters': 'done',
      'ten thousand digits': 'done',
    },
  },
  apply_watermark: { ...VIDEO_ENCODING, watermark_path: anyText('input_not_found') },
  resize_to_720p: VIDEO_ENCODING,
  transcode_h264_to_h265: VIDEO_ENCODING,
  normalize_audio: { true_peak_db: { negative: 'done' } },
  // WAV holds what a few encoders make, and this is none of them.
  resample_audio: { codec: { 'more than a number holds as text': 'unsupported_output' } },
  // They are checked when the next job is enqueued and the numbers are stored.
  chain_job_trigger: {
    next_task: anyText('done'),
    next_output: anyText('done'),
    next_input: anyText('done'),
    next_params: { object: 'done' },
  },
  report_metrics: { job_id: anyText('done') },
};

/** Params that contradict one another, the source or the output, or ask for more than there is. */
export const CONTRADICTIONS: [
  job: string,
  what: string,
  params: (inputs: Inputs) => Params,
  answer: Answer,
  /** Instead of the output in the table. */
  output?: string,
][] = [
  [
    'validate_checksum',
    'a SHA-256 that is to be an MD5',
    () => ({ expected_hash: 'a'.repeat(64), algorithm: 'md5' }),
    'invalid_params',
  ],
  [
    'validate_checksum',
    'a checksum of no digits',
    () => ({ expected_hash: 'g'.repeat(64) }),
    'invalid_params',
  ],
  [
    'validate_checksum',
    'another checksum, and failing is asked for',
    () => ({ fail_on_invalid: true }),
    'checksum_mismatch',
  ],
  ['verify_file_integrity', 'a film that is to be sound', () => ({ file_type: 'audio' }), 'refuted'],
  [
    'verify_file_integrity',
    'a film that is to be sound, and failing is asked for',
    () => ({ file_type: 'audio', fail_on_invalid: true }),
    'integrity_failed',
  ],
  ['validate_format_compliance', 'a film that is to be sound', () => ({ format: 'audio' }), 'refuted'],
  [
    'validate_format_compliance',
    'a film that is to be sound, and failing is asked for',
    () => ({ format: 'audio', fail_on_invalid: true }),
    'not_compliant',
  ],
  ['split_file_chunks', 'parts of nothing', () => ({ chunk_size: 0 }), 'invalid_params'],
  ['split_file_chunks', 'a part larger than the file', () => ({ chunk_size: '1TiB' }), 'done'],
  ['merge_file_chunks', 'no parts', () => ({ chunk_files: [] }), 'invalid_params'],
  ['merge_file_chunks', 'parts that are no paths', () => ({ chunk_files: [1, null] }), 'invalid_params'],
  ['download_file', 'a file of this host', () => ({ url: 'file:///etc/passwd' }), 'invalid_params'],
  ['download_file', 'no time at all', () => ({ timeout_seconds: 0 }), 'invalid_params'],
  ['download_file', 'half a checksum', () => ({ sha256: 'ab12' }), 'invalid_params'],

  [
    'apply_watermark',
    'an end before the start',
    ({ logo }) => ({ watermark_path: logo, start: 1, end: 0.5 }),
    'invalid_params',
  ],
  [
    'apply_watermark',
    'a start behind the end of the video',
    ({ logo }) => ({ watermark_path: logo, start: '00:01:00' }),
    'invalid_params',
  ],
  [
    'apply_watermark',
    'a margin wider than the picture',
    ({ logo }) => ({ watermark_path: logo, margin: 10_000 }),
    'invalid_params',
  ],
  [
    'apply_watermark',
    'more than opaque',
    ({ logo }) => ({ watermark_path: logo, opacity: 1.1 }),
    'invalid_params',
  ],
  ['create_animated_gif', 'a start behind the end of the video', () => ({ start: '100%' }), 'invalid_params'],
  ['create_animated_gif', 'more than the whole', () => ({ start: '101%' }), 'invalid_params'],
  ['create_animated_gif', 'no duration', () => ({ duration: 0 }), 'invalid_params'],
  ['create_animated_gif', 'longer than the video', () => ({ duration: '01:00:00' }), 'done'],
  ['detect_scene_cuts', 'a score that no frame reaches', () => ({ threshold: 1.01 }), 'invalid_params'],
  ['extract_frames', 'two ways to choose', () => ({ count: 1, every_seconds: 1 }), 'invalid_params'],
  ['extract_frames', 'times behind the end', () => ({ timestamps: [1, '99:99:99'] }), 'invalid_params'],
  ['extract_frames', 'no times', () => ({ timestamps: [] }), 'invalid_params'],
  ['extract_frames', 'more than the video has', () => ({ count: 100_000 }), 'partial'],
  ['extract_thumbnails', 'more than the video has', () => ({ count: 10_000, sprite: true }), 'partial'],
  ['extract_key_frame', 'a time behind the end', () => ({ timestamp: '99:99:99' }), 'partial'],
  [
    'extract_key_frame',
    'a time behind all times',
    () => ({ timestamp: 1e9, mode: 'keyframe' }),
    'invalid_params',
  ],
  ['resize_to_720p', 'quality and bit rate', () => ({ bitrate: '1M', crf: 20 }), 'invalid_params'],
  ['resize_to_720p', 'quality as text', () => ({ crf: '20' }), 'invalid_params'],
  ['resize_to_720p', 'a quality that x264 has not', () => ({ crf: 60 }), 'invalid_params'],
  ['resize_to_720p', 'a preset that x264 has not', () => ({ preset: 'p7' }), 'invalid_params'],
  ['resize_to_720p', 'a preset that only the encoder in the end knows', () => ({ hardware: 'auto' }), 'done'],
  [
    'resize_to_720p',
    'a preset that none of the encoders has',
    () => ({ hardware: 'auto', preset: 'ludicrous' }),
    'invalid_params',
  ],
  ['resize_to_720p', 'a preset of x264 for another encoder', () => ({ hardware: 'nvenc' }), 'invalid_params'],
  ['resize_to_720p', 'half a pixel', () => ({ height: 719.5 }), 'invalid_params'],
  ['resize_to_720p', 'an encoder that is none', () => ({ codec: 'h266_magic' }), 'encoder_unavailable'],
  ['resize_to_720p', 'a codec that mp4 cannot hold', () => ({ codec: 'libvpx' }), 'unsupported_output'],
  ['resize_to_720p', 'a profile that x264 has not', () => ({ profile: 'main10' }), 'invalid_params'],
  ['resize_to_720p', 'a pixel format that is none', () => ({ pix_fmt: 'rgb1337' }), 'invalid_params'],
  ['resize_to_720p', 'hardware of no kind', () => ({ hardware: 'quantum' }), 'invalid_params'],
  ['resize_to_720p', 'an option that is none', () => ({ options: { no_such_option: 1 } }), 'invalid_params'],
  ['resize_to_720p', 'an option of the wrong type', () => ({ options: { g: 'many' } }), 'invalid_params'],
  ['resize_to_720p', 'an option out of its range', () => ({ options: { g: -1e300 } }), 'invalid_params'],
  [
    'resize_to_720p',
    'an option in two levels',
    () => ({ options: { a: { b: { c: 1 } } } }),
    'invalid_params',
  ],
  ['transcode_h264_to_h265', 'a quality that x265 has not', () => ({ crf: 60 }), 'invalid_params'],
  ['transcode_h264_to_h265', 'bits per second in words', () => ({ bitrate: 'fast' }), 'invalid_params'],

  ['extract_audio_from_video', 'a track that is not there', () => ({ track: 7 }), 'invalid_params'],
  ['extract_audio_from_video', 'a language that is not there', () => ({ track: 'xx' }), 'invalid_params'],
  [
    'extract_audio_from_video',
    'a format that the output is not',
    () => ({ format: 'flac' }),
    'unsupported_output',
  ],
  ['generate_waveform_json', 'no points', () => ({ samples: 0 }), 'invalid_params'],
  ['mix_audio_tracks', 'one file', ({ sound }) => ({ input_files: [sound] }), 'invalid_params'],
  [
    'mix_audio_tracks',
    'sixty-five files',
    ({ sound }) => ({ input_files: Array(65).fill(sound) }),
    'invalid_params',
  ],
  [
    'mix_audio_tracks',
    'more than right',
    ({ sound }) => ({ input_files: [sound, { path: sound, pan: 2 }] }),
    'invalid_params',
  ],
  [
    'mix_audio_tracks',
    'an unknown key inside',
    ({ sound }) => ({ input_files: [sound, { path: sound, volume: 2 }] }),
    'invalid_params',
  ],
  ['normalize_audio', 'a target above full scale', () => ({ target_lufs: 3 }), 'invalid_params'],
  [
    'normalize_audio',
    'loud, with peaks that are low',
    () => ({ target_lufs: -5, true_peak_db: -9 }),
    'partial',
  ],
  ['resample_audio', 'a depth that none has', () => ({ bit_depth: 7 }), 'invalid_params'],
  ['resample_audio', 'a depth for a lossy codec', () => ({ bit_depth: 16 }), 'invalid_params', 'out.mp3'],
  ['resample_audio', 'a codec that WAV cannot hold', () => ({ codec: 'aac' }), 'unsupported_output'],
  ['resample_audio', 'an encoder that is none', () => ({ codec: 'no_such_codec' }), 'unsupported_output'],
  [
    'resample_audio',
    'an encoder that is none, into a container that holds all',
    () => ({ codec: 'no_such_codec' }),
    'encoder_unavailable',
    'out.mka',
  ],
  ['resample_audio', 'an encoder of video', () => ({ codec: 'libx264' }), 'invalid_params', 'out.mka'],

  ['compress_archive', 'zstd named .gz', () => ({ compression: 'zstd' }), 'unsupported_output'],
  ['compress_archive', 'a level that gzip has not', () => ({ level: 22 }), 'invalid_params'],
  [
    'compress_archive',
    'a level that zstd has not',
    () => ({ compression: 'zstd', level: 0 }),
    'invalid_params',
  ],
  ['report_metrics', 'no numbers', () => ({ metrics: {} }), 'invalid_params'],
  ['report_metrics', 'words for numbers', () => ({ metrics: { vmaf: 'good' } }), 'invalid_params'],
  ['report_metrics', 'a name with spaces', () => ({ metrics: { 'a b': 1 } }), 'invalid_params'],
  [
    'report_metrics',
    'a thousand numbers',
    () => ({ metrics: Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`n${n}`, n])) }),
    'invalid_params',
  ],
];
