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
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/info.json',
    params: {},
    result: {
      container: 'mov,mp4,m4a,3gp,3g2,mj2',
      container_name: 'QuickTime / MOV',
      size_bytes: 44272,
      duration_s: 1.2,
      bit_rate: 295146,
      width: 1920,
      height: 1080,
      coded_width: 1920,
      coded_height: 1080,
      rotation: 0,
      flipped: false,
      sample_aspect_ratio: '1:1',
      display_aspect_ratio: '16:9',
      frame_rate: 25,
      real_frame_rate: 25,
      variable_frame_rate: false,
      frame_count: 30,
      video_duration_s: 1.2,
      codec: 'h264',
      codec_name: 'H.264 / AVC / MPEG-4 AVC / MPEG-4 part 10',
      codec_tag: 'avc1',
      profile: 'High',
      level: 40,
      pixel_format: 'yuv420p',
      bit_depth: 8,
      color: { range: 'tv', space: 'bt709', transfer: 'bt709', primaries: 'bt709', chroma_location: 'left' },
      hdr: null,
      field_order: 'progressive',
      video_bit_rate: 151840,
      key_frame_interval_s: 0.48,
      has_b_frames: false,
      audio_tracks: [
        {
          index: 1,
          codec: 'aac',
          profile: 'LC',
          sample_rate: 48000,
          channels: 2,
          channel_layout: 'stereo',
          bit_depth: null,
          bit_rate: 126635,
          duration_s: 1.2,
          language: 'eng',
          title: null,
          default: true,
        },
      ],
      subtitle_tracks: [],
      chapters: [],
      tags: {
        major_brand: 'isom',
        minor_version: '512',
        compatible_brands: 'isomiso2avc1mp41',
        title: 'Two cuts',
        encoder: 'Lavf62.19.101',
      },
    },
  },

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
      warnings: [...breakOff(video, packets), ...(results[0]?.warnings ?? [])].slice(0, 1),
    };
  },
});

/** Players and muxers differ by less than this about the end of a video. */
const TOLERANCE_S = 0.2;

/** A file that was cut short still announces its full length. */
function breakOff(video: VideoStreamFacts, packets: PacketFacts | null): string[] {
  if (!packets?.complete || video.duration_s === null) return [];
  const frame = 1 / (video.avg_frame_rate.value || 25);
  if (video.duration_s - packets.duration_s <= Math.max(TOLERANCE_S, 2 * frame)) return [];
  return [
    `The file breaks off: ${secondsText(video.duration_s)} of video are announced, ${secondsText(packets.duration_s)} are there.`,
  ];
}

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
    frame_rate: video.avg_frame_rate.value || null,
    real_frame_rate: video.real_frame_rate.value || null,
    variable_frame_rate: packets?.variable_frame_rate ?? null,
    // Containers also count frames that an edit list hides.
    frame_count: packets?.complete ? packets.packets : video.frame_count,
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
