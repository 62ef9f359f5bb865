/** What a browser plays by itself, told from container and codecs. Chromium is the measure. */
import {
  type AudioStreamFacts,
  mainAudio,
  mainVideo,
  type SourceFacts,
  type VideoStreamFacts,
} from './facts.ts';

export type MediaKind = 'video' | 'audio' | 'image';

export interface Playability {
  /** Null for what is no media. */
  kind: MediaKind | null;
  playable: boolean;
  /** Why not, as a sentence; null when it plays. */
  reason: string | null;
}

/** Animations that are shown as images, by the beginning of FFmpeg's demuxer name. */
const IMAGE_FORMATS = /^(gif|apng|webp)/;
/** Codecs of still images that browsers show. */
const IMAGE_CODECS = ['mjpeg', 'png', 'apng', 'gif', 'webp', 'bmp', 'av1'];
/** Eight bits and 4:2:0: hardware decoders and Chromium's own take these everywhere. */
const PIXEL_FORMATS = ['yuv420p', 'yuvj420p', 'nv12'];
const MP4_VIDEO = ['h264', 'av1', 'vp9'];
const WEBM_VIDEO = ['vp8', 'vp9', 'av1'];
const MP4_SOUND = ['aac', 'mp3', 'opus', 'flac'];
const WEBM_SOUND = ['opus', 'vorbis'];
/** Sound files: demuxer name and the codecs that play in it. */
const SOUND_FILES: [RegExp, readonly string[]][] = [
  [/^mp3/, ['mp3']],
  [/^flac/, ['flac']],
  [/^wav/, ['pcm_u8', 'pcm_s16le', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_mulaw', 'pcm_alaw']],
  [/^ogg/, ['opus', 'vorbis', 'flac']],
  [/^aac/, ['aac']],
];

export function mediaKind(facts: SourceFacts): MediaKind | null {
  if (facts.still_image || IMAGE_FORMATS.test(facts.format.name)) return 'image';
  if (mainVideo(facts)) return 'video';
  return mainAudio(facts) ? 'audio' : null;
}

/** Can Chromium decode the pictures, whatever they are in? */
export function playsVideo({ codec, pixel_format }: VideoStreamFacts): boolean {
  return [...MP4_VIDEO, ...WEBM_VIDEO].includes(codec ?? '') && PIXEL_FORMATS.includes(pixel_format ?? '');
}

/** Can Chromium decode the sound, whatever it is in? */
export function playsSound({ codec }: AudioStreamFacts): boolean {
  return [...MP4_SOUND, ...WEBM_SOUND].includes(codec ?? '');
}

/** `extension` of the file, with its dot: Matroska and WebM have the same demuxer. */
export function playability(facts: SourceFacts, extension: string): Playability {
  const kind = mediaKind(facts);
  const no = (reason: string): Playability => ({ kind, playable: false, reason });
  if (kind === null) return no('The file has neither pictures nor sound.');
  if (kind === 'image') {
    const codec = facts.streams.find((stream) => stream.kind === 'video')?.codec ?? '';
    return IMAGE_CODECS.includes(codec)
      ? { kind, playable: true, reason: null }
      : no(`Browsers show no ${codec || 'such'} images.`);
  }
  const video = mainVideo(facts);
  const audio = mainAudio(facts);
  const holds = contents(facts.format.name, extension, kind);
  if (!holds) return no(`Browsers do not open ${facts.format.long_name ?? facts.format.name} files.`);
  if (video && !holds.video.includes(video.codec ?? ''))
    return no(`Browsers do not play ${video.codec} video here.`);
  if (video && !playsVideo(video))
    return no(`Browsers do not play ${video.codec} video of ${video.pixel_format}.`);
  if (audio && !holds.sound.includes(audio.codec ?? ''))
    return no(`Browsers do not play ${audio.codec} sound here.`);
  return { kind, playable: true, reason: null };
}

function contents(
  format: string,
  extension: string,
  kind: MediaKind,
): { video: readonly string[]; sound: readonly string[] } | null {
  if (/\bmp4\b/.test(format)) return { video: MP4_VIDEO, sound: MP4_SOUND };
  if (/\bwebm\b/.test(format) && extension === '.webm') return { video: WEBM_VIDEO, sound: WEBM_SOUND };
  const file = kind === 'audio' ? SOUND_FILES.find(([name]) => name.test(format)) : undefined;
  return file ? { video: [], sound: file[1] } : null;
}
