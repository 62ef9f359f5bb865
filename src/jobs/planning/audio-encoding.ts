/** How a job's audio params become an encoder, its options and a container. */
import { MillError } from '../../core/errors.ts';
import type { AudioStreamFacts, SourceFacts } from '../../core/facts.ts';
import type { AudioTrack, MediaOutput, Track } from '../../core/plan.ts';

interface AudioFile {
  /** FFmpeg encoder; `pcm` stands for the PCM format of the depth. */
  encoder: string;
  /** Codecs that may be copied into it. */
  copies: readonly string[];
  /** Cover art is kept. */
  cover: boolean;
  lossy: boolean;
}

const FILES: Record<string, AudioFile> = {
  '.mp3': { encoder: 'libmp3lame', copies: ['mp3'], cover: true, lossy: true },
  '.m4a': { encoder: 'aac', copies: ['aac', 'alac'], cover: true, lossy: true },
  '.mp4': { encoder: 'aac', copies: ['aac', 'mp3', 'alac', 'ac3', 'opus', 'flac'], cover: true, lossy: true },
  '.aac': { encoder: 'aac', copies: ['aac'], cover: false, lossy: true },
  '.opus': { encoder: 'libopus', copies: ['opus'], cover: false, lossy: true },
  '.ogg': { encoder: 'libvorbis', copies: ['vorbis', 'opus', 'flac'], cover: false, lossy: true },
  '.oga': { encoder: 'libvorbis', copies: ['vorbis', 'opus', 'flac'], cover: false, lossy: true },
  '.flac': { encoder: 'flac', copies: ['flac'], cover: true, lossy: false },
  '.wav': {
    encoder: 'pcm',
    copies: ['pcm_s16le', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_u8'],
    cover: false,
    lossy: false,
  },
  '.aiff': { encoder: 'pcm_be', copies: ['pcm_s16be', 'pcm_s24be', 'pcm_s32be'], cover: false, lossy: false },
  '.mka': { encoder: 'flac', copies: [], cover: false, lossy: false },
};

/** Extensions of files that hold sound. */
export const AUDIO_EXTENSIONS = Object.keys(FILES);

export const BIT_DEPTHS = [8, 16, 24, 32] as const;
export type BitDepth = (typeof BIT_DEPTHS)[number];

export interface AudioWishes {
  codec?: string;
  bitrate?: number;
  sample_rate?: number;
  channels?: number;
  bit_depth?: BitDepth;
  filter?: string;
}

/** Throws `unsupported_output`. */
export function audioFile(extension: string): AudioFile {
  const file = FILES[extension];
  if (file) return file;
  throw new MillError(
    'unsupported_output',
    `Sound cannot be written as "${extension}". Use ${AUDIO_EXTENSIONS.join(', ')}.`,
  );
}

/** True when the stream may go into the file as it is. */
export function canCopy(audio: AudioStreamFacts, extension: string): boolean {
  return extension === '.mka' || audioFile(extension).copies.includes(audio.codec ?? '');
}

export function audioTrack(audio: AudioStreamFacts, extension: string, wishes: AudioWishes): AudioTrack {
  return {
    kind: 'audio',
    stream: audio.index,
    ...audioEncoding(extension, wishes, {
      channels: wishes.channels ?? audio.channels,
      depth: sourceDepth(audio),
    }),
    sample_rate: wishes.sample_rate ?? null,
    channels: wishes.channels ?? null,
    ...(wishes.filter !== undefined && { filter: wishes.filter }),
  };
}

/** Encoder, bit rate and sample format for a file of this extension. */
export function audioEncoding(
  extension: string,
  { codec, bitrate, bit_depth }: AudioWishes,
  sound: { channels: number; depth: BitDepth },
): Pick<AudioTrack, 'encoder' | 'options' | 'bit_rate' | 'sample_format'> {
  const file = audioFile(extension);
  const depth = bit_depth ?? sound.depth;
  const encoder =
    codec ?? (file.encoder.startsWith('pcm') ? pcmEncoder(depth, file.encoder === 'pcm_be') : file.encoder);
  const lossy = !/^(pcm_|flac$|alac$|wavpack$|tta$)/.test(encoder);
  if (bit_depth !== undefined && lossy) {
    throw new MillError(
      'invalid_params',
      `"bit_depth": ${encoder} has no bit depth; use a .wav, .flac or .aiff output.`,
    );
  }
  if (bit_depth === 8 && !encoder.startsWith('pcm_'))
    throw new MillError('invalid_params', `"bit_depth": ${encoder} takes 16 or 24.`);
  return {
    encoder,
    options: encoder === 'flac' && depth > 16 ? { bits_per_raw_sample: 24 } : {},
    bit_rate: lossy ? (bitrate ?? usualBitRate(encoder, sound.channels)) : null,
    sample_format: encoder === 'flac' ? (depth > 16 ? 's32' : 's16') : null,
  };
}

function pcmEncoder(depth: BitDepth, bigEndian: boolean): string {
  if (depth === 8) return bigEndian ? 'pcm_s8' : 'pcm_u8';
  return `pcm_s${depth}${bigEndian ? 'be' : 'le'}`;
}

function sourceDepth(audio: AudioStreamFacts): BitDepth {
  const depth = /^(pcm_|flac|alac|wavpack|tta)/.test(audio.codec ?? '') ? (audio.bit_depth ?? 16) : 16;
  return BIT_DEPTHS.find((known) => known >= depth && known > 8) ?? 32;
}

/** Transparent for most ears, by codec and channel. */
function usualBitRate(encoder: string, channels: number): number {
  const each: Record<string, number> = {
    libmp3lame: 96_000,
    aac: 80_000,
    libopus: 64_000,
    libvorbis: 80_000,
  };
  const total = (each[encoder] ?? 96_000) * Math.max(1, channels);
  return encoder === 'libmp3lame' ? Math.min(total, 320_000) : total;
}

/** The other tracks of a sound file that survive: cover art where the container keeps it. */
export function coverTracks(
  source: SourceFacts,
  extension: string,
): { tracks: Track[]; dropped: MediaOutput['dropped'] } {
  const covers = source.streams.filter((stream) => stream.kind === 'video' && stream.attached_picture);
  if (audioFile(extension).cover)
    return { tracks: covers.map((stream) => ({ kind: 'copy', stream: stream.index })), dropped: [] };
  return {
    tracks: [],
    dropped: covers.map((stream) => ({ stream: stream.index, reason: 'the container keeps no cover art' })),
  };
}
