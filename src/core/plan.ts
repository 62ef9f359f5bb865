/**
 * Media work as data. A media job is a pure function from (facts about the source, params) to a
 * {@link MediaPlan}; the engine executes one plan, or several on the same source, reading the source once
 * in the cheapest way that serves all of their outputs.
 *
 * Words: a *stream* is numbered in the source, a *track* in an output; a *tap* is what the engine builds for
 * an output; *read* is how much of the source is touched, from `header` (nothing but the probe) over
 * `packets` (demuxed, never decoded) and `seek` (single frames) to `decode` (everything).
 */

/** Codec options by FFmpeg's own names, such as `{ crf: 22, preset: 'fast' }`. Already checked at the edge. */
export type CodecOptions = Record<string, string | number>;

export interface CopyTrack {
  kind: 'copy';
  stream: number;
  /** Four-character code to write instead of the source's, such as `hvc1`. */
  tag?: string;
}

export interface VideoTrack {
  kind: 'video';
  stream: number;
  /** FFmpeg encoder name, such as `libx265`. */
  encoder: string;
  /** Tried in this order when `encoder` does not open here; a warning says so. */
  fallback?: { encoder: string; options: CodecOptions }[];
  options: CodecOptions;
  /** Coded size of the output in pixels; null keeps the source's. Both even for 4:2:0. */
  size: { width: number; height: number } | null;
  /** `source` keeps chroma and depth where the encoder can, else an FFmpeg pixel format name. */
  pixel_format: 'source' | (string & {});
  /** Four-character code, such as `hvc1`. */
  tag?: string;
  /** Half pictures become whole ones before anything else is done with them. */
  deinterlace?: boolean;
  overlay?: Overlay;
}

export type OverlayPosition =
  | 'top-left'
  | 'top'
  | 'top-right'
  | 'left'
  | 'center'
  | 'right'
  | 'bottom-left'
  | 'bottom'
  | 'bottom-right';

/** An image drawn over the video, placed as a display shows it. */
export interface Overlay {
  /** Index into {@link MediaPlan.inputs}. */
  input: number;
  /** Width of the image as a share of the picture's width; null keeps its own size. */
  scale: number | null;
  position: OverlayPosition;
  /** Distance from the edges, in pixels on a display. */
  margin: number;
  /** 0 (invisible) to 1. */
  opacity: number;
  /** Seconds from the start during which it is drawn; null means to the end. */
  start_s: number;
  end_s: number | null;
}

export interface AudioTrack {
  kind: 'audio';
  stream: number;
  encoder: string;
  options: CodecOptions;
  /** Null keeps the source's. */
  sample_rate: number | null;
  channels: number | null;
  /** Bits per second; null leaves it to the encoder. */
  bit_rate: number | null;
  /** FFmpeg sample format name; null chooses the closest the encoder has. */
  sample_format: string | null;
  /** Audio filters in FFmpeg's syntax, built by our own jobs only, never from text of a user. */
  filter?: string;
}

/** Subtitles of text in another format of text. What that one has no words for, such as colours, is left out. */
export interface TextTrack {
  kind: 'text';
  stream: number;
  codec: 'mov_text' | 'subrip' | 'webvtt';
}

/** Cover art as an attached file, for containers without attached pictures. */
export interface AttachTrack {
  kind: 'attach';
  stream: number;
  /** Name of the file, such as `cover.jpg`. */
  file: string;
  mime: string;
}

export type Track = CopyTrack | VideoTrack | AudioTrack | TextTrack | AttachTrack;

/** A media file made of copied and encoded tracks. */
export interface MediaOutput {
  kind: 'media';
  /** Relative to the work folder; its extension decides the container. */
  file: string;
  tracks: Track[];
  /** Streams that the container can't hold, with the reason, for the warnings of the result. */
  dropped: { stream: number; reason: string }[];
  metadata: 'keep' | 'drop';
  chapters: 'keep' | 'drop';
}

/** Which frames of a video stream become images. Times in seconds from what a person calls 0:00. */
export type FrameChoice =
  /** The frame shown at each time: the last one whose timestamp is not after it. */
  | { kind: 'at'; times_s: number[] }
  /** Evenly spaced and distinct; exactly `count` of them whenever the stream has as many frames. */
  | { kind: 'spread'; count: number }
  /** As spread, but the nearest key frames will do; still distinct, other frames fill up when key frames are few. */
  | { kind: 'spread_keyframes'; count: number }
  /** The key frame at or before each time. */
  | { kind: 'keyframe_before'; times_s: number[] };

/** Still images of one video stream, turned and stretched as a display would show them. */
export interface ImagesOutput {
  kind: 'images';
  stream: number;
  choose: FrameChoice;
  /** Images are `file` itself when there is one, else `${folder}/${prefix}0001.jpg` and so on. */
  to: { file: string } | { folder: string; prefix: string };
  format: 'jpg' | 'png' | 'webp';
  /** Pixels; null keeps the display size. Height follows the display aspect. Never enlarged. */
  width: number | null;
  /** 1 (worst) to 100 (best); PNG ignores it. */
  quality: number;
  /** Writes `index.json` beside the images: file, time, size. */
  index: boolean;
  /** One sheet of all images and a WebVTT file that points into it. */
  sprite: boolean;
  /** Pictures beside each other on the sheet; default about as many as below each other. */
  sprite_columns?: number;
}

/** Minimum, maximum and RMS of the samples in equal spans of an audio stream. */
export interface WaveformOutput {
  kind: 'waveform';
  stream: number;
  file: string;
  samples: number;
  per_channel: boolean;
  format: 'json' | 'audiowaveform';
}

/** Only the facts, written as JSON by the job's report. Needs nothing beyond the probe. */
export interface FactsOutput {
  kind: 'facts';
  /** Packets to look at for what the header does not say: timestamps of key frames, VFR. */
  scan: 'header' | 'packets';
  stream: number | null;
}

/** Scores of change from frame to frame, as FFmpeg's `scene` value of the `select` filter has them. */
export interface ScenesOutput {
  kind: 'scenes';
  stream: number;
  /** 0…1; a frame with at least this score begins a new scene. */
  threshold: number;
  /** Cuts nearer than this to the one before are passed over, in seconds. */
  min_scene_s: number;
}

/** Programme loudness of an audio stream (EBU R 128, ITU-R BS.1770). */
export interface LoudnessOutput {
  kind: 'loudness';
  /** The source, or a file that an earlier plan made in the work folder. */
  of: { stream: number } | { file: string };
  /** Measured behind this chain of audio filters, in FFmpeg's syntax; built by our own jobs only. */
  filter: string | null;
}

/** Moving pictures that browsers show like an image: GIF, APNG or WebP by the extension of `file`. */
export interface AnimationOutput {
  kind: 'animation';
  stream: number;
  file: string;
  /** From 0:00, in seconds. */
  start_s: number;
  duration_s: number;
  fps: number;
  /** Pixels on a display; null keeps the display size. Never enlarged. */
  width: number | null;
  /** Palette size of a GIF, 4…256. */
  colors: number;
  dither: 'none' | 'bayer' | 'floyd_steinberg' | 'sierra2_4a';
  /** Times to play; 0 is for ever. */
  loop: number;
  /** 1…100; WebP only. */
  quality: number;
}

/** The sum of several sounds. Reads its own inputs; the source of the plan is one of them. */
export interface MixOutput {
  kind: 'mix';
  /** Null only measures the sum. */
  file: string | null;
  inputs: MixInput[];
  duration: 'longest' | 'shortest' | 'first';
  encoder: string;
  options: CodecOptions;
  bit_rate: number | null;
  sample_rate: number | null;
  channels: number | null;
  /** Gain of the sum, in dB. */
  gain_db: number;
}

export interface MixInput {
  /** Index into {@link MediaPlan.inputs}. */
  input: number;
  gain_db: number;
  delay_ms: number;
  /** −1 (left) … 0 (as it is) … 1 (right). */
  pan: number;
}

/** Decodes everything and says what is wrong with it. */
export interface VerifyOutput {
  kind: 'verify';
}

export type PlannedOutput =
  | MediaOutput
  | ImagesOutput
  | WaveformOutput
  | FactsOutput
  | ScenesOutput
  | LoudnessOutput
  | AnimationOutput
  | MixOutput
  | VerifyOutput;

export interface MediaPlan {
  /** Further files the outputs need, as absolute paths; the source itself is not among them. */
  inputs: string[];
  outputs: PlannedOutput[];
}

/** What one output became; `outputs[i]` of a plan becomes `results[i]`. */
export type OutputResult =
  | { kind: 'media'; file: string; tracks: TrackResult[]; duration_s: number; warnings: string[] }
  | { kind: 'images'; images: ImageResult[]; files: string[]; warnings: string[] }
  | {
      kind: 'waveform';
      file: string;
      duration_s: number;
      channels: number;
      sample_rate: number;
      length: number;
      warnings: string[];
    }
  | { kind: 'facts'; packets: PacketFacts | null; warnings: string[] }
  | { kind: 'scenes'; cuts: SceneCut[]; frames: number; duration_s: number; warnings: string[] }
  | ({ kind: 'loudness'; warnings: string[] } & Loudness)
  | {
      kind: 'animation';
      file: string;
      width: number;
      height: number;
      frames: number;
      duration_s: number;
      warnings: string[];
    }
  | {
      kind: 'mix';
      file: string | null;
      encoder: string;
      duration_s: number;
      sample_rate: number;
      channels: number;
      /** Largest sample of the sum, in dBFS; above 0 it clips. Null for silence. */
      peak_db: number | null;
      warnings: string[];
    }
  | ({ kind: 'verify'; streams: StreamVerdict[]; warnings: string[] } & ContainerVerdict);

export interface SceneCut {
  time_s: number;
  /** Number of the first frame of the new scene, counted from 0. */
  frame: number;
  score: number;
}

/** Silence has no loudness: null. */
export interface Loudness {
  integrated_lufs: number | null;
  range_lu: number | null;
  /** dBTP, oversampled four times. */
  true_peak_db: number | null;
}

/** What the bytes of a file say of it as a whole. */
export interface ContainerVerdict {
  /** Bytes the file says it has; null where it does not say. More than it has: it was cut short. */
  announced_bytes: number | null;
  /** What is missing at the end, as part of a sentence; null when nothing is known to be. */
  open_end: string | null;
  /** Seconds of the longest video or audio stream as it was read, on the container's timeline from its beginning. */
  found_s: number;
  /** What is missing of the announced length; 0 when nothing is, or when the container only guesses its length. */
  missing_tail_s: number;
  /** Null for containers that need no index. */
  index: FileIndex | null;
  /** How often the clock of the container jumps, as that of MPEG streams may. */
  jumps: number;
}

export interface FileIndex {
  /** What the container calls it. */
  name: string;
  present: boolean;
  place: 'front' | 'end' | null;
}

/** What decoding one stream from start to end showed. */
export interface StreamVerdict {
  index: number;
  kind: string;
  codec: string | null;
  /** False for subtitles and data, and for codecs that cannot be decoded here: only their packets were looked at. */
  decoded: boolean;
  packets: number;
  frames: number;
  errors: number;
  /** Seconds from 0:00; null without errors. */
  first_error_at_s: number | null;
  /** Seconds from the first packet to the end of the last. */
  found_s: number;
  /** What is missing of the announced length; 0 when nothing is. */
  missing_tail_s: number;
  /** Seconds of sound that are missing in the middle, and where that begins, from 0:00. */
  holes_s: number;
  first_hole_at_s: number | null;
  /** Decoding timestamps that do not rise. */
  out_of_order: number;
}

export interface TrackResult {
  stream: number;
  /** Encoder name, or `copy`. */
  codec: string;
  packets: number;
  frames: number;
  /** Corrupt packets and frames that were passed over. */
  errors: number;
  /** Of encoded sound, as the encoder took it. */
  sample_rate?: number;
  channels?: number;
}

export interface ImageResult {
  file: string;
  /** Timestamp of the frame, seconds from 0:00. */
  time_s: number;
  width: number;
  height: number;
  size_bytes: number;
}

/** What scanning the packets of one video stream tells. */
export interface PacketFacts {
  packets: number;
  duration_s: number;
  variable_frame_rate: boolean;
  /** Mean distance of key frames in seconds; null with fewer than two. */
  key_frame_interval_s: number | null;
  /** False when only the beginning of a long file was looked at. */
  complete: boolean;
}

/** How far a running plan is. */
export interface Progress {
  /** 0…100; null while the total is unknown. */
  percent: number | null;
  /** What is being done, such as `pass 1 of 2` or `checking`. */
  stage?: string;
  /** Decoded or encoded frames a second. */
  fps?: number;
  /** Media seconds done per wall second. */
  speed?: number;
  eta_seconds?: number;
  bytes_done?: number;
  bytes_per_second?: number;
}
