/** Sentences and tables about media, for reports. */
import { MillError } from '../../core/errors.ts';
import {
  type AudioStreamFacts,
  mainVideo,
  type SourceFacts,
  type VideoStreamFacts,
} from '../../core/facts.ts';
import { type MediaTime, toSeconds } from '../../core/fields.ts';

export function frameRateText(video: VideoStreamFacts): string {
  const rate = video.avg_frame_rate.value || video.real_frame_rate.value;
  return !rate ? '' : `${Math.round(rate * 1000) / 1000} fps`;
}

export function secondsText(seconds: number | null): string {
  if (seconds === null) return 'unknown length';
  if (seconds < 60) return `${Math.round(seconds * 100) / 100} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return (parts[0] === 0 ? parts.slice(1) : parts)
    .map((part, index) => (index === 0 ? part : String(part).padStart(2, '0')))
    .join(':');
}

/** Duration of a source: the container's, else the longest of its streams. */
export function durationOf(source: SourceFacts): number | null {
  if (source.format.duration_s !== null) return source.format.duration_s;
  const longest = Math.max(0, ...source.streams.map((stream) => stream.duration_s ?? 0));
  return longest > 0 ? longest : null;
}

export function audioSummary(audio: AudioStreamFacts) {
  return {
    index: audio.index,
    codec: audio.codec,
    profile: audio.profile,
    sample_rate: audio.sample_rate,
    channels: audio.channels,
    channel_layout: audio.channel_layout,
    bit_depth: audio.bit_depth,
    bit_rate: audio.bit_rate,
    duration_s: audio.duration_s,
    language: audio.language,
    title: audio.title,
    default: audio.disposition.includes('default'),
  };
}

export function subtitleSummaries(source: SourceFacts) {
  return source.streams
    .filter((stream) => stream.kind === 'subtitle')
    .map(({ index, codec, language, title, disposition }) => ({
      index,
      codec,
      language,
      title,
      default: disposition.includes('default'),
      forced: disposition.includes('forced'),
    }));
}

/** Duration of the main video, from its first frame to the end of its last; 0 when unknown. */
export function videoDuration(source: SourceFacts): number {
  return mainVideo(source)?.duration_s ?? durationOf(source) ?? 0;
}

/** Seconds from 0:00 of a moment in the main video. Throws `invalid_params` for a share of an unknown length. */
export function momentIn(source: SourceFacts, time: MediaTime, field: string): number {
  const length = videoDuration(source);
  if ('share' in time && time.share > 0 && length === 0)
    throw new MillError('invalid_params', `"${field}": the file does not tell its length; give seconds.`);
  return toSeconds(time, length);
}
