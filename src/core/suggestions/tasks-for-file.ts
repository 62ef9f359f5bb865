/**
 * Which tasks suit a file, each with the fact it follows from, and which cannot work on it. Pure: facts in,
 * sentences out. A task that does not exist in the registry is never named.
 */
import type { Failure } from '../errors.ts';
import { mainAudio, mainVideo, type SourceFacts, type VideoStreamFacts } from '../facts.ts';
import type { AnyJob } from '../job.ts';
import type { Registry } from '../registry.ts';
import { audioWords, clock, codecName, lengthOf } from './summary.ts';

export interface Suggestion {
  task: string;
  title: string;
  reason: string;
  /** Params that the reason calls for; others have their defaults. */
  params?: Record<string, unknown>;
}

export interface FileAdvice {
  /** Best first. */
  suggestions: Suggestion[];
  /** Tasks that would fail. */
  unsuitable: Suggestion[];
}

export interface FileToAdvise {
  name: string;
  size_bytes: number;
  /** Null for what is no media, or cannot be read. */
  facts: SourceFacts | null;
  /** Why it cannot be read although it should be media. */
  problem: Failure | null;
  /** What is wrong with it although it can be read. */
  warnings: readonly string[];
}

type Wish = Omit<Suggestion, 'title'>;

/** Codecs that H.265 makes little smaller, or larger. */
const AS_SMALL = ['hevc', 'av1', 'vp9', 'vvc'];
/** A clip of this length is one that people make GIFs of. */
const GIF_S = 15;
/** Below it there is hardly more than one scene. */
const SCENES_S = 10;
const SPLIT_BYTES = 256 * 1024 ** 2;
const HD_HEIGHT = 720;

export function adviseOnFile(registry: Registry, file: FileToAdvise): FileAdvice {
  const titles = new Map(registry.jobs.map((job) => [job.name, job.title]));
  const suggestions = wishes(file).flatMap(({ task, ...wish }) => {
    const title = titles.get(task);
    return title === undefined ? [] : [{ task, title, ...wish }];
  });
  const unsuitable = registry.jobs.flatMap((job) => {
    const reason = whyNot(job, file);
    return reason === null ? [] : [{ task: job.name, title: job.title, reason }];
  });
  const impossible = new Set(unsuitable.map(({ task }) => task));
  return { suggestions: suggestions.filter(({ task }) => !impossible.has(task)), unsuitable };
}

/** Null when the job may work on the file, or takes none. */
function whyNot(job: AnyJob, { facts, problem }: FileToAdvise): string | null {
  const { kind, needs } = job.input;
  if (kind === 'none' || (kind !== 'media' && needs === undefined)) return null;
  if (!facts)
    return problem ? 'The file cannot be read as media.' : 'The file is no video, sound or picture.';
  if (needs === 'video' && !mainVideo(facts)) {
    if (facts.still_image) return 'The file is a still picture, not a video.';
    return mainAudio(facts) ? 'The file has only sound.' : 'The file has no video.';
  }
  if (needs === 'audio' && !mainAudio(facts)) {
    return facts.still_image ? 'The file is a still picture.' : 'The file has no sound.';
  }
  return null;
}

function wishes(file: FileToAdvise): Wish[] {
  const { facts, warnings } = file;
  if (!facts) return forAnyFile(file);
  const damaged: Wish[] = warnings
    .slice(0, 1)
    .map((warning) => ({ task: 'verify_file_integrity', reason: warning }));
  const video = mainVideo(facts);
  if (facts.still_image) return [...damaged, ...forPicture()];
  return [...damaged, ...(video ? forVideo(facts, video) : forSound(facts))];
}

function forVideo(facts: SourceFacts, video: VideoStreamFacts): Wish[] {
  const audio = mainAudio(facts);
  const length = lengthOf(facts);
  const long = length === null ? 'A video' : `${clock(length)} long`;
  const found: Wish[] = [];
  if (video.codec !== null && !AS_SMALL.includes(video.codec)) {
    found.push({
      task: 'transcode_h264_to_h265',
      reason: `${codecName(video.codec)}${bitRateWords(facts)}; H.265 is usually smaller.`,
    });
  }
  if (video.display_height > HD_HEIGHT) {
    found.push({
      task: 'resize_to_720p',
      reason: `${video.display_width}×${video.display_height}, larger than 720p.`,
    });
  }
  found.push({ task: 'extract_thumbnails', reason: `${long}; stills show what is in it.` });
  if (audio) {
    found.push({ task: 'extract_audio_from_video', reason: `Its sound is ${audioWords(audio)}.` });
  }
  if (length !== null && length > SCENES_S) {
    found.push({ task: 'detect_scene_cuts', reason: `${long}; finds where scenes change.` });
  }
  if (length !== null && length <= GIF_S) {
    found.push({ task: 'create_animated_gif', reason: `${long}, short enough for an animation.` });
  }
  found.push({ task: 'extract_key_frame', reason: 'One frame as an image, for a poster.' });
  if (audio) {
    found.push({
      task: 'normalize_audio',
      reason: 'Brings its sound to a common loudness; the video stays as it is.',
    });
  }
  found.push({ task: 'get_video_info', reason: 'Codecs, sizes and rates of its streams.' });
  return found;
}

function forSound(facts: SourceFacts): Wish[] {
  const audio = mainAudio(facts);
  if (!audio) return [{ task: 'probe_media_file', reason: 'Tells what the file has.' }];
  return [
    { task: 'normalize_audio', reason: `${audioWords(audio)}; brings it to a common loudness.` },
    { task: 'generate_waveform_json', reason: 'Sound, to be drawn as a waveform.' },
    {
      task: 'resample_audio',
      reason: `${audio.sample_rate / 1000} kHz; another rate, format or number of channels.`,
    },
    { task: 'get_audio_info', reason: 'Codec, tags, loudness and length.' },
  ];
}

function forPicture(): Wish[] {
  return [
    { task: 'extract_exif_metadata', reason: 'A picture may carry camera, time and place.' },
    { task: 'calculate_sha256', reason: 'To know it again.' },
  ];
}

function forAnyFile({ size_bytes }: FileToAdvise): Wish[] {
  const found: Wish[] = [
    { task: 'calculate_sha256', reason: 'To know it again.' },
    { task: 'compress_archive', reason: 'Packs it, smaller where it can be.' },
  ];
  if (size_bytes > SPLIT_BYTES) {
    found.push({ task: 'split_file_chunks', reason: 'Large; parts are easier to send.' });
  }
  return found;
}

function bitRateWords({ format }: SourceFacts): string {
  const rate = format.bit_rate;
  if (!rate) return '';
  return rate >= 1e6 ? ` at ${(rate / 1e6).toFixed(1)} Mbit/s` : ` at ${Math.round(rate / 1000)} kbit/s`;
}
