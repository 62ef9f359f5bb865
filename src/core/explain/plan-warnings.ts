/** What a plan does to its source that somebody may not want, in sentences. Pure: facts and a plan in. */
import {
  type AudioStreamFacts,
  isInterlaced,
  mainAudio,
  type SourceFacts,
  type VideoStreamFacts,
} from '../facts.ts';
import type { AudioTrack, MediaOutput, MediaPlan, VideoTrack } from '../plan.ts';
import { codecName } from '../suggestions/summary.ts';

/** What encoders write that are not called after it. */
const WRITES: [RegExp, string][] = [
  [/264/, 'h264'],
  [/(265|hevc)/, 'hevc'],
  [/av1|aom/, 'av1'],
  [/vp9/, 'vp9'],
  [/^libvpx$|vp8/, 'vp8'],
  [/aac/, 'aac'],
  [/mp3/, 'mp3'],
  [/opus/, 'opus'],
  [/vorbis/, 'vorbis'],
];
/** Nothing is lost when these are decoded and encoded again. */
const LOSSLESS = /^(pcm_|flac|alac|wavpack|tta|ffv1|huffyuv|ffvhuff|utvideo|png|apng|rawvideo)/;
/** Codecs whose decoders take HDR everywhere that shows it. */
const HDR_CODECS = ['hevc', 'av1', 'vp9'];

export function planWarnings(facts: SourceFacts, { outputs }: MediaPlan): string[] {
  const found = outputs.flatMap((output) => (output.kind === 'media' ? mediaWarnings(facts, output) : []));
  return [...new Set(found)];
}

function mediaWarnings(facts: SourceFacts, { tracks, dropped }: MediaOutput): string[] {
  const hasPictures = tracks.some(({ stream }) => facts.streams[stream]?.kind === 'video');
  return [
    ...(hasPictures && !mainAudio(facts) ? ['The source has no sound, and the result will have none.'] : []),
    ...tracks.flatMap((track) => {
      const stream = facts.streams[track.stream];
      if (track.kind === 'video' && stream?.kind === 'video') return pictureWarnings(stream, track);
      return track.kind === 'audio' && stream?.kind === 'audio' ? soundWarnings(stream, track) : [];
    }),
    ...dropped.map(({ stream, reason }) => {
      const { kind = 'stream', codec = null } = facts.streams[stream] ?? {};
      return `Stream ${stream} (${kind}, ${codecName(codec)}) is left out: ${reason.replace(/\.$/, '')}.`;
    }),
  ];
}

function pictureWarnings(source: VideoStreamFacts, track: VideoTrack): string[] {
  const { width, height } = track.size ?? source;
  const larger = width * height > source.width * source.height;
  const same = width === source.width && height === source.height;
  const made = codecOf(track.encoder);
  const eightBit = track.pixel_format !== 'source' && !/(?:p|gray)(?:9|1[0246])/.test(track.pixel_format);
  return [
    ...(larger
      ? [
          `The picture is enlarged from ${source.width}×${source.height} to ${width}×${height}: more pixels, not more detail.`,
        ]
      : []),
    ...(source.hdr !== null && (eightBit || !HDR_CODECS.includes(made))
      ? [`The source is HDR (${source.hdr}); the result is not, and its colours are not mapped.`]
      : source.hdr === null && eightBit && (source.bit_depth ?? 8) > 8
        ? [`The ${source.bit_depth} bits of the source become 8.`]
        : []),
    ...interlaceWarnings(source, track),
    ...(same && made === source.codec && !LOSSLESS.test(made) && !track.overlay
      ? [`The video is ${codecName(made)} already; encoding it again loses quality.`]
      : []),
  ];
}

/** Archives keep their half pictures on purpose. */
export function interlaceWarnings(
  source: VideoStreamFacts,
  { encoder, deinterlace }: Pick<VideoTrack, 'encoder' | 'deinterlace'>,
): string[] {
  if (!isInterlaced(source) || deinterlace || LOSSLESS.test(codecOf(encoder))) return [];
  return [
    'The video is interlaced and stays so, which many screens show as combs. "deinterlace" makes whole pictures of it.',
  ];
}

function soundWarnings(source: AudioStreamFacts, track: AudioTrack): string[] {
  const made = codecOf(track.encoder);
  const changed =
    track.filter !== undefined || (track.sample_rate ?? source.sample_rate) !== source.sample_rate;
  const fewer = track.channels !== null && track.channels < source.channels;
  return [
    ...(fewer ? [`The ${source.channels} channels of the sound become ${track.channels}.`] : []),
    ...(!changed && !fewer && made === source.codec && !LOSSLESS.test(made)
      ? [`The sound is ${codecName(made)} already; encoding it again loses quality.`]
      : []),
  ];
}

function codecOf(encoder: string): string {
  return WRITES.find(([pattern]) => pattern.test(encoder))?.[1] ?? encoder;
}
