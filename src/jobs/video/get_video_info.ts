import { z } from 'zod';
import { mainVideo, type SourceFacts, type VideoStreamFacts } from '../../core/facts.ts';
import { defineJob } from '../../core/job.ts';
import type { PacketFacts } from '../../core/plan.ts';
import {
  audioSummary,
  durationOf,
  frameRateText,
  secondsText,
  subtitleSummaries,
} from '../planning/describe.ts';

export default defineJob({
  name: 'get_video_info',
  title: 'Video info',
  description:
    'What a person wants to know of a video: container, duration, sizes, rotation, frame rate, codec, colour, HDR, bit rates, key frames, audio and subtitle tracks.',
  group: 'video',
  params: z.object({}),
  input: { kind: 'media', needs: 'video' },
  output: { kind: 'file', extensions: ['.json'] },
  example: { input_path: '/data/input/video.mp4', output_path: '/data/output/info.json', params: {} },

  plan: (source) => ({
    inputs: [],
    outputs: [{ kind: 'facts', scan: 'packets', stream: mainVideo(source)?.index ?? null }],
  }),

  report(results, source) {
    const video = mainVideo(source) as VideoStreamFacts;
    const packets = results[0]?.kind === 'facts' ? results[0].packets : null;
    const data = describeVideo(source, video, packets);
    const size = `${video.display_width}×${video.display_height}`;
    return {
      message: [`${size} ${video.codec}`, frameRateText(video), secondsText(data.duration_s)]
        .filter(Boolean)
        .join(', '),
      data,
      document: data,
    };
  },
});

function describeVideo(source: SourceFacts, video: VideoStreamFacts, packets: PacketFacts | null) {
  const { format } = source;
  return {
    container: format.name,
    container_name: format.long_name,
    size_bytes: source.size_bytes,
    duration_s: durationOf(source),
    bit_rate: format.bit_rate,
    width: video.display_width,
    height: video.display_height,
    coded_width: video.width,
    coded_height: video.height,
    rotation: video.rotation,
    flipped: video.flipped,
    sample_aspect_ratio: `${video.sample_aspect_ratio.num}:${video.sample_aspect_ratio.den}`,
    display_aspect_ratio: aspectText(video.display_width, video.display_height),
    frame_rate: video.avg_frame_rate.value,
    real_frame_rate: video.real_frame_rate.value,
    variable_frame_rate: packets?.variable_frame_rate ?? null,
    frame_count: video.frame_count ?? (packets?.complete ? packets.packets : null),
    video_duration_s: video.duration_s ?? packets?.duration_s ?? null,
    codec: video.codec,
    codec_name: video.codec_long_name,
    codec_tag: video.codec_tag,
    profile: video.profile,
    level: video.level,
    pixel_format: video.pixel_format,
    bit_depth: video.bit_depth,
    color: {
      range: video.color_range,
      space: video.color_space,
      transfer: video.color_transfer,
      primaries: video.color_primaries,
      chroma_location: video.chroma_location,
    },
    hdr: video.hdr,
    field_order: video.field_order,
    video_bit_rate: video.bit_rate,
    key_frame_interval_s: packets?.key_frame_interval_s ?? null,
    has_b_frames: video.has_b_frames,
    audio_tracks: source.streams.filter((stream) => stream.kind === 'audio').map(audioSummary),
    subtitle_tracks: subtitleSummaries(source),
    chapters: source.chapters,
    tags: format.tags,
  };
}

function aspectText(width: number, height: number): string {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  const common = divisor(width, height) || 1;
  return `${width / common}:${height / common}`;
}
