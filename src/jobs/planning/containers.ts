/** What each container can hold, as far as FFmpeg's muxers and common players go. */

import type { TextTrack } from '../../core/plan.ts';

export interface Container {
  /** Codec names of FFmpeg that may be copied into it; `any` takes all. */
  video: readonly string[] | 'any';
  audio: readonly string[] | 'any';
  subtitle: readonly string[] | 'any';
  /** Format that other subtitles of text are rewritten in; null keeps none. */
  text: TextTrack['codec'] | null;
  /** Encoder for sound that cannot be copied. */
  audioEncoder: string;
  /** How cover art is kept: as an attached picture, as an attached file, or not at all. */
  pictures: 'picture' | 'file' | null;
  /** Fonts and the like. */
  attachments: boolean;
}

const MP4_AUDIO = ['aac', 'mp3', 'mp2', 'ac3', 'eac3', 'alac', 'flac', 'opus', 'dts'];

/** Matroska's own names for codecs, and those that it takes by their number in WAV (`A_MS/ACM`). */
const MATROSKA_AUDIO = [
  ...[
    'aac',
    'ac3',
    'alac',
    'dts',
    'eac3',
    'flac',
    'mlp',
    'mp1',
    'mp2',
    'mp3',
    'opus',
    'truehd',
    'tta',
    'vorbis',
  ],
  ...['wavpack', 'atrac3', 'cook', 'qdm2', 'ra_288'],
  ...['pcm_u8', 'pcm_s16le', 'pcm_s16be', 'pcm_s24le', 'pcm_s24be', 'pcm_s32le', 'pcm_s32be', 'pcm_f32le'],
  ...[
    'pcm_f64le',
    'pcm_alaw',
    'pcm_mulaw',
    'adpcm_ms',
    'adpcm_ima_wav',
    'wmav1',
    'wmav2',
    'wmapro',
    'gsm_ms',
  ],
];

const MP4: Container = {
  video: ['h264', 'hevc', 'av1', 'vp9', 'mpeg4', 'mpeg2video', 'mpeg1video', 'vvc'],
  audio: MP4_AUDIO,
  subtitle: ['mov_text'],
  text: 'mov_text',
  audioEncoder: 'aac',
  pictures: 'picture',
  attachments: false,
};

const CONTAINERS: Record<string, Container> = {
  '.mp4': MP4,
  '.m4v': MP4,
  '.mov': {
    ...MP4,
    // FFmpeg writes covers into the tags of MP4 only.
    pictures: null,
    video: [
      'h264',
      'hevc',
      'av1',
      'mpeg4',
      'mpeg2video',
      'prores',
      'dnxhd',
      'mjpeg',
      'qtrle',
      'png',
      'rawvideo',
    ],
    audio: [
      'aac',
      'mp3',
      'ac3',
      'eac3',
      'alac',
      'pcm_s16le',
      'pcm_s16be',
      'pcm_s24le',
      'pcm_s24be',
      'pcm_s32le',
      'pcm_s32be',
      'pcm_f32le',
      'pcm_f32be',
    ],
  },
  '.m4a': { ...MP4, video: [], audio: ['aac', 'alac', 'ac3'], subtitle: [], text: null },
  '.mkv': {
    video: 'any',
    audio: MATROSKA_AUDIO,
    subtitle: ['subrip', 'ass', 'ssa', 'webvtt', 'hdmv_pgs_subtitle', 'dvd_subtitle', 'dvb_subtitle'],
    text: 'subrip',
    audioEncoder: 'aac',
    pictures: 'file',
    attachments: true,
  },
  '.mka': {
    video: [],
    audio: MATROSKA_AUDIO,
    subtitle: [],
    text: null,
    audioEncoder: 'aac',
    pictures: null,
    attachments: false,
  },
  '.webm': {
    video: ['vp8', 'vp9', 'av1'],
    audio: ['opus', 'vorbis'],
    subtitle: ['webvtt'],
    text: 'webvtt',
    audioEncoder: 'libopus',
    pictures: null,
    attachments: false,
  },
  '.ts': {
    video: ['h264', 'hevc', 'mpeg2video', 'mpeg1video', 'mpeg4'],
    audio: ['aac', 'mp3', 'mp2', 'ac3', 'eac3', 'dts', 'opus'],
    subtitle: ['dvb_subtitle', 'dvb_teletext'],
    text: null,
    audioEncoder: 'aac',
    pictures: null,
    attachments: false,
  },
  '.avi': {
    video: ['mpeg4', 'mjpeg', 'h264', 'msmpeg4v3', 'mpeg2video', 'rawvideo', 'ffv1', 'huffyuv'],
    audio: ['mp3', 'ac3', 'pcm_s16le', 'mp2'],
    subtitle: [],
    text: null,
    audioEncoder: 'libmp3lame',
    pictures: null,
    attachments: false,
  },
  '.flv': {
    video: ['h264', 'flv1', 'hevc', 'av1'],
    audio: ['aac', 'mp3'],
    subtitle: [],
    text: null,
    audioEncoder: 'aac',
    pictures: null,
    attachments: false,
  },
};

/** Extensions of files that hold video. */
export const VIDEO_EXTENSIONS = ['.mp4', '.m4v', '.mov', '.mkv', '.webm', '.ts', '.avi', '.flv'];

export function containerOf(extension: string): Container {
  const container = CONTAINERS[extension];
  if (!container) throw new TypeError(`No container is known for "${extension}".`);
  return container;
}

/** A codec that at least one of the containers is known to hold. */
export function isVideoCodec(name: string): boolean {
  return Object.values(CONTAINERS).some(({ video }) => video !== 'any' && video.includes(name));
}

export function holds(codecs: readonly string[] | 'any', codec: string | null): boolean {
  return codec !== null && (codecs === 'any' || codecs.includes(codec));
}
