/**
 * What is known of a source before it is decoded: the engine's probe produces it, jobs plan with it,
 * `probe_media_file` prints it. Plain JSON; times in seconds on the container's own timeline.
 */

/** A fraction such as a frame rate; `value` is `num / den`, or null when `den` is 0. */
export interface Ratio {
  num: number;
  den: number;
  value: number | null;
}

export interface FormatFacts {
  /** FFmpeg demuxer name, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  name: string;
  long_name: string;
  start_time_s: number | null;
  duration_s: number | null;
  bit_rate: number | null;
  tags: Record<string, string>;
  /**
   * Where the presentation begins on the container's timeline, in seconds: what a person calls 0:00.
   * Transport streams may begin anywhere; other containers begin at 0 unless all their streams begin later.
   */
  zero_s: number;
}

interface StreamCommon {
  index: number;
  /** Container's own id of the stream (an MPEG-TS PID, an MP4 track id). */
  id: number;
  codec: string | null;
  codec_long_name: string | null;
  codec_tag: string | null;
  profile: string | null;
  time_base: Ratio;
  start_time_s: number | null;
  duration_s: number | null;
  bit_rate: number | null;
  /** As the container announces it; 0 is reported as null. */
  frame_count: number | null;
  language: string | null;
  title: string | null;
  disposition: string[];
  tags: Record<string, string>;
  side_data: SideDataFacts[];
}

export interface SideDataFacts {
  type: string;
  /** Decoded fields where the type is understood, such as `{ rotation: -90 }`. */
  [field: string]: unknown;
}

export interface VideoStreamFacts extends StreamCommon {
  kind: 'video';
  /** Size of the coded picture, in pixels. */
  width: number;
  height: number;
  /** Size on a display with square pixels, after SAR and rotation. */
  display_width: number;
  display_height: number;
  sample_aspect_ratio: Ratio;
  /** Clockwise degrees the decoded picture must be turned by for display: 0, 90, 180 or 270. */
  rotation: number;
  /** The picture is mirrored as well as turned. */
  flipped: boolean;
  avg_frame_rate: Ratio;
  real_frame_rate: Ratio;
  pixel_format: string | null;
  bit_depth: number | null;
  level: number | null;
  color_range: string | null;
  color_space: string | null;
  color_transfer: string | null;
  color_primaries: string | null;
  chroma_location: string | null;
  field_order: string | null;
  has_b_frames: boolean;
  /** `hdr10`, `hlg`, `dolby_vision` or null for SDR. */
  hdr: string | null;
  /** Cover art: one picture, not a video. */
  attached_picture: boolean;
}

export interface AudioStreamFacts extends StreamCommon {
  kind: 'audio';
  sample_rate: number;
  channels: number;
  channel_layout: string | null;
  sample_format: string | null;
  /** Null for lossy codecs, which keep no samples. */
  bit_depth: number | null;
}

export interface OtherStreamFacts extends StreamCommon {
  kind: 'subtitle' | 'data' | 'attachment';
}

export type StreamFacts = VideoStreamFacts | AudioStreamFacts | OtherStreamFacts;

export interface ChapterFacts {
  start_s: number;
  end_s: number;
  title: string | null;
  tags: Record<string, string>;
}

/** One of several programmes in a transport stream. */
export interface ProgramFacts {
  id: number;
  /** Such as `service_name`. */
  tags: Record<string, string>;
  /** Indexes of its streams. */
  streams: number[];
}

export interface SourceFacts {
  /** File name without folders. */
  name: string;
  size_bytes: number;
  /** One picture, such as a JPEG, and not a video. */
  still_image: boolean;
  format: FormatFacts;
  streams: StreamFacts[];
  chapters: ChapterFacts[];
  programs: ProgramFacts[];
}

/** The video a person means: the default or largest real video stream, never cover art or a still image. */
export function mainVideo(source: SourceFacts): VideoStreamFacts | null {
  if (source.still_image) return null;
  const videos = source.streams.filter(
    (s): s is VideoStreamFacts => s.kind === 'video' && !s.attached_picture,
  );
  return best(videos, (s) => s.width * s.height);
}

/** Each picture is two half pictures, taken one after the other. */
export function isInterlaced({ field_order }: Pick<VideoStreamFacts, 'field_order'>): boolean {
  return field_order !== null && field_order !== 'progressive';
}

/** The audio a person means: the default stream, else the one with most channels, else the first. */
export function mainAudio(source: SourceFacts): AudioStreamFacts | null {
  const audios = source.streams.filter((s): s is AudioStreamFacts => s.kind === 'audio');
  return best(audios, (s) => s.channels);
}

function best<S extends StreamCommon>(streams: S[], size: (stream: S) => number): S | null {
  const score = (s: S) => (s.disposition.includes('default') ? 1e12 : 0) + size(s);
  return streams.reduce<S | null>((top, s) => (top === null || score(s) > score(top) ? s : top), null);
}
