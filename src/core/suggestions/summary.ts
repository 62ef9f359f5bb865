/** A media file in one line, such as `1:05 · H.264 1920×1080 · 25 fps · AAC stereo`. */
import {
  type AudioStreamFacts,
  mainAudio,
  mainVideo,
  type SourceFacts,
  type VideoStreamFacts,
} from '../facts.ts';

/** Names of codecs as people write them; others are shown in capitals. */
const NAMES: Record<string, string> = {
  h264: 'H.264',
  hevc: 'H.265',
  vp8: 'VP8',
  vp9: 'VP9',
  mpeg4: 'MPEG-4',
  mpeg2video: 'MPEG-2',
  mpeg1video: 'MPEG-1',
  prores: 'ProRes',
  mjpeg: 'JPEG',
  webp: 'WebP',
  theora: 'Theora',
  opus: 'Opus',
  vorbis: 'Vorbis',
  mp2: 'MP2',
  wmav2: 'WMA',
};
const LAYOUTS: Record<number, string> = { 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' };

export function codecName(codec: string | null): string {
  if (codec === null) return 'unknown';
  if (codec.startsWith('pcm_')) return 'PCM';
  return NAMES[codec] ?? codec.toUpperCase();
}

/** Seconds as `1:05`, `1:02:03`, and below a minute `12.4 s`. */
export function clock(seconds: number): string {
  if (seconds < 59.95) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? part : String(part).padStart(2, '0'))).join(':');
}

/** The container's length, else the longest of its streams; null when nobody says. */
export function lengthOf(facts: SourceFacts): number | null {
  if (facts.still_image) return null;
  const longest = Math.max(0, ...facts.streams.map((stream) => stream.duration_s ?? 0));
  return facts.format.duration_s ?? (longest > 0 ? longest : null);
}

export function audioWords(audio: AudioStreamFacts): string {
  return `${codecName(audio.codec)} ${LAYOUTS[audio.channels] ?? `${audio.channels} channels`}`;
}

export function summarize(facts: SourceFacts): string {
  const video = mainVideo(facts);
  const audio = mainAudio(facts);
  const still = facts.streams.find((stream): stream is VideoStreamFacts => stream.kind === 'video');
  if (facts.still_image && still) return pictureWords(still);
  const length = lengthOf(facts);
  const rate = video?.avg_frame_rate.value ?? video?.real_frame_rate.value;
  return [
    length === null ? null : clock(length),
    video && pictureWords(video),
    rate ? `${Math.round(rate * 100) / 100} fps` : null,
    audio && audioWords(audio),
  ]
    .filter((part) => part !== null && part !== '')
    .join(' · ');
}

function pictureWords({ codec, display_width, display_height }: VideoStreamFacts): string {
  return `${codecName(codec)} ${display_width}×${display_height}`;
}
