/** How a job's audio params become an encoder, its options and a container. */
import { MillError } from '../../core/errors.ts';
import type { AudioStreamFacts, SourceFacts } from '../../core/facts.ts';
import type { AudioTrack, CodecOptions, MediaOutput, Track } from '../../core/plan.ts';

interface AudioFile {
  /** FFmpeg encoder; `pcm_le` and `pcm_be` stand for the PCM format of the depth. */
  encoder: string;
  /** FFmpeg's names of the codecs it holds. */
  codecs: readonly string[] | 'any';
  /** Cover art is kept. */
  cover: boolean;
}

const OGG: AudioFile = { encoder: 'libvorbis', codecs: ['vorbis', 'opus', 'flac'], cover: false };
const PCM_LE = ['pcm_s16le', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_f64le', 'pcm_u8'];
const PCM_BE = ['pcm_s16be', 'pcm_s24be', 'pcm_s32be', 'pcm_f32be', 'pcm_f64be', 'pcm_s8'];

const FILES: Record<string, AudioFile> = {
  '.mp3': { encoder: 'libmp3lame', codecs: ['mp3'], cover: true },
  '.m4a': { encoder: 'aac', codecs: ['aac', 'alac', 'ac3', 'eac3'], cover: true },
  '.mp4': { encoder: 'aac', codecs: ['aac', 'mp3', 'alac', 'ac3', 'eac3', 'opus', 'flac'], cover: true },
  '.aac': { encoder: 'aac', codecs: ['aac'], cover: false },
  '.opus': { encoder: 'libopus', codecs: ['opus'], cover: false },
  '.ogg': OGG,
  '.oga': OGG,
  '.flac': { encoder: 'flac', codecs: ['flac'], cover: true },
  '.wav': { encoder: 'pcm_le', codecs: [...PCM_LE, 'pcm_mulaw', 'pcm_alaw'], cover: false },
  '.aiff': { encoder: 'pcm_be', codecs: PCM_BE, cover: true },
  '.mka': { encoder: 'flac', codecs: 'any', cover: false },
};

/** Extensions of files that hold sound. */
export const AUDIO_EXTENSIONS = Object.keys(FILES);

export const BIT_DEPTHS = [8, 16, 24, 32] as const;
export type BitDepth = (typeof BIT_DEPTHS)[number];

/** Lossless encoders that are no PCM, and the depths they write. */
const LOSSLESS: Record<string, readonly BitDepth[]> = {
  flac: [16, 24],
  alac: [16, 24],
  tta: [16, 24],
  wavpack: [16, 32],
};

/** Encoders that are not called like what they make. */
const MADE_BY: Record<string, string> = { libmp3lame: 'mp3', libopus: 'opus', libvorbis: 'vorbis' };

/** The most an MP3 can have; its encoder would quietly take less than was asked. */
const MP3_MAX = 320_000;

export interface AudioWishes {
  codec?: string;
  bitrate?: number;
  sample_rate?: number;
  channels?: number;
  bit_depth?: BitDepth;
  filter?: string;
}

interface Sound {
  channels: number;
  depth: BitDepth;
  /** Samples that may be beyond full scale. */
  float: boolean;
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

/** True when sound of this codec may be in the file. */
export function holdsSound(extension: string, codec: string | null): boolean {
  const { codecs } = audioFile(extension);
  return codec !== null && (codecs === 'any' || codecs.includes(codec));
}

export function isLossless(encoder: string): boolean {
  return encoder.startsWith('pcm_') || encoder in LOSSLESS;
}

export function audioTrack(audio: AudioStreamFacts, extension: string, wishes: AudioWishes): AudioTrack {
  return {
    kind: 'audio',
    stream: audio.index,
    ...audioEncoding(extension, wishes, {
      channels: wishes.channels ?? audio.channels,
      depth: sourceDepth(audio),
      float: /^pcm_f/.test(audio.codec ?? ''),
    }),
    sample_rate: wishes.sample_rate ?? null,
    channels: wishes.channels ?? null,
    ...(wishes.filter !== undefined && { filter: wishes.filter }),
  };
}

/**
 * Encoder, bit rate and sample format for a file of this extension. Throws `unsupported_output` for a codec that the
 * file cannot hold, `invalid_params` for a depth or bit rate that the codec cannot have.
 */
export function audioEncoding(
  extension: string,
  { codec, bitrate, bit_depth }: AudioWishes,
  sound: Sound,
): Pick<AudioTrack, 'encoder' | 'options' | 'bit_rate' | 'sample_format'> {
  const encoder = codec ?? usualEncoder(extension, sound, bit_depth);
  if (!holdsSound(extension, MADE_BY[encoder] ?? encoder)) {
    const { codecs } = audioFile(extension);
    throw new MillError(
      'unsupported_output',
      `A ${extension} file cannot hold what ${encoder} makes; it holds ${[codecs].flat().join(', ')}.`,
    );
  }
  checkDepth(encoder, bit_depth);
  if (isLossless(encoder)) return { encoder, bit_rate: null, ...lossless(encoder, bit_depth ?? sound.depth) };
  if (encoder === 'libmp3lame' && (bitrate ?? 0) > MP3_MAX)
    throw new MillError('invalid_params', `"bitrate": MP3 goes up to ${MP3_MAX / 1000}k.`);
  const quality = bitrate === undefined ? constantQuality(encoder) : null;
  return {
    encoder,
    options: quality ?? {},
    bit_rate: quality ? null : (bitrate ?? usualBitRate(encoder, sound.channels)),
    sample_format: null,
  };
}

function usualEncoder(extension: string, sound: Sound, bitDepth: BitDepth | undefined): string {
  const { encoder } = audioFile(extension);
  if (encoder !== 'pcm_le' && encoder !== 'pcm_be') return encoder;
  const order = encoder === 'pcm_be' ? 'be' : 'le';
  if (bitDepth === 8) return order === 'be' ? 'pcm_s8' : 'pcm_u8';
  if (bitDepth === undefined && sound.float) return `pcm_f32${order}`;
  return `pcm_s${bitDepth ?? sound.depth}${order}`;
}

function checkDepth(encoder: string, depth: BitDepth | undefined): void {
  if (depth === undefined) return;
  if (!isLossless(encoder)) {
    throw new MillError(
      'invalid_params',
      `"bit_depth": ${encoder} has no bit depth; use a .wav, .flac or .aiff output.`,
    );
  }
  const known = LOSSLESS[encoder] ?? [Number(/^pcm_[suf](\d+)/.exec(encoder)?.[1] ?? 8)];
  if (!known.includes(depth))
    throw new MillError('invalid_params', `"bit_depth": ${encoder} takes ${known.join(' or ')}.`);
}

/** Encoders of several depths go by the format of the samples they get. */
function lossless(encoder: string, depth: BitDepth): Pick<AudioTrack, 'options' | 'sample_format'> {
  if (!(encoder in LOSSLESS)) return { options: {}, sample_format: null };
  const deep = depth > 16;
  return {
    options: encoder === 'flac' && deep ? { bits_per_raw_sample: 24 } : {},
    sample_format: deep ? 's32' : 's16',
  };
}

function sourceDepth(audio: AudioStreamFacts): BitDepth {
  const depth = /^(pcm_|flac|alac|wavpack|tta)/.test(audio.codec ?? '') ? (audio.bit_depth ?? 16) : 16;
  return BIT_DEPTHS.find((known) => known >= depth && known > 8) ?? 32;
}

/** `FF_QP2LAMBDA`: one step of a quality scale in FFmpeg's `global_quality`. */
const QUALITY_STEP = 118;

/**
 * Transparent for most ears, whatever the rate and the channels. LAME turns the sound down by up to half a decibel
 * when it is given a bit rate below 256k, and Vorbis refuses most bit rates at unusual sample rates.
 */
function constantQuality(encoder: string): CodecOptions | null {
  const quality = { libmp3lame: 2, libvorbis: 6 }[encoder];
  return quality === undefined ? null : { flags: '+qscale', global_quality: quality * QUALITY_STEP };
}

function usualBitRate(encoder: string, channels: number): number {
  const each: Record<string, number> = { aac: 80_000, libopus: 64_000 };
  return (each[encoder] ?? 96_000) * Math.max(1, channels);
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
