/** Rate, layout and sample format of an encoder: what was asked for, or the nearest it has, with a warning. */
import {
  AV_CHANNEL_LAYOUT_5POINT0_BACK,
  AV_CHANNEL_LAYOUT_5POINT1_BACK,
  AV_CHANNEL_LAYOUT_6POINT1,
  AV_CHANNEL_LAYOUT_7POINT1,
  AV_CHANNEL_LAYOUT_MONO,
  AV_CHANNEL_LAYOUT_QUAD,
  AV_CHANNEL_LAYOUT_STEREO,
  AV_CHANNEL_LAYOUT_SURROUND,
} from 'node-av/constants';
import {
  avChannelLayoutDefault,
  avGetSampleFmtFromName,
  avGetSampleFmtName,
  type ChannelLayout,
  type Codec,
  type CodecContext,
  type Frame,
} from 'node-av/lib';
import { knownLayout } from './sound.ts';

type SampleFormat = CodecContext['sampleFormat'];
type Warn = (text: string) => void;

/** Encoders that take any rate in a range and do not say so. */
const RATE_RANGES: Record<string, { min: number; max: number }> = {
  libvorbis: { min: 8000, max: 192_000 },
  flac: { min: 1, max: 655_350 },
};

/** The same rate, else the lowest above it, else the highest the encoder has. */
export function chooseRate(codec: Codec, wanted: number, warn: Warn): number {
  const rate = nearestRate(codec, wanted);
  if (rate !== wanted) warn(`${codec.name} cannot hold ${wanted} Hz; the sound has ${rate} Hz.`);
  return rate;
}

function nearestRate({ name, supportedSamplerates: rates }: Codec, wanted: number): number {
  const range = RATE_RANGES[name ?? ''];
  if (range) return Math.max(range.min, Math.min(range.max, wanted));
  if (!rates || rates.length === 0 || rates.includes(wanted)) return wanted;
  const above = rates.filter((rate) => rate > wanted).sort((a, b) => a - b)[0];
  return above ?? Math.max(...rates);
}

/** `channels` null keeps the layout of the source. */
export function chooseLayout(codec: Codec, frame: Frame, channels: number | null, warn: Warn): ChannelLayout {
  const source = knownLayout(frame);
  const keep = channels === null || channels === source.nbChannels;
  const wanted = keep ? source : avChannelLayoutDefault(channels);
  const supported = layoutsOf(codec);
  if (supported.length === 0 || supported.some((layout) => layout.mask === wanted.mask)) return wanted;
  const same = supported.find((layout) => layout.nbChannels === wanted.nbChannels);
  if (same) return same;
  const most = supported.reduce((a, b) =>
    b.nbChannels > a.nbChannels && b.nbChannels <= wanted.nbChannels ? b : a,
  );
  warn(`${codec.name} cannot hold ${wanted.nbChannels} channels; they were mixed to ${most.nbChannels}.`);
  return most;
}

/** One layout for each number of channels (Vorbis I, 4.3.9; RFC 7845, 5.1.1.2). */
const XIPH_LAYOUTS = [
  AV_CHANNEL_LAYOUT_MONO,
  AV_CHANNEL_LAYOUT_STEREO,
  AV_CHANNEL_LAYOUT_SURROUND,
  AV_CHANNEL_LAYOUT_QUAD,
  AV_CHANNEL_LAYOUT_5POINT0_BACK,
  AV_CHANNEL_LAYOUT_5POINT1_BACK,
  AV_CHANNEL_LAYOUT_6POINT1,
  AV_CHANNEL_LAYOUT_7POINT1,
];

/** The encoders of Opus and Vorbis do not tell: one refuses other layouts, one mislabels them. */
function layoutsOf({ name, channelLayouts }: Codec): readonly ChannelLayout[] {
  return name === 'libopus' || name === 'libvorbis' ? XIPH_LAYOUTS : (channelLayouts ?? []);
}

export function chooseFormat(codec: Codec, frame: Frame, wanted: string | null): SampleFormat {
  const supported = codec.sampleFormats;
  const source = frame.format as SampleFormat;
  if (wanted) {
    // Planar or packed is the encoder's own affair.
    const formats = [wanted, `${wanted}p`].map((name) => avGetSampleFmtFromName(name));
    const found = formats.find((format) => !supported || supported.includes(format));
    if (found !== undefined) return found;
  }
  if (!supported || supported.length === 0) return source;
  return closest(supported, source);
}

/** Bits that a sample format keeps; planar counts as packed. */
const PRECISION: Record<string, number> = { u8: 8, s16: 16, s32: 32, flt: 24, dbl: 53, s64: 64 };

function closest(supported: SampleFormat[], source: SampleFormat): SampleFormat {
  const bits = (format: SampleFormat) =>
    PRECISION[(avGetSampleFmtName(format) ?? '').replace(/p$/, '')] ?? 16;
  const wanted = bits(source);
  const enough = supported.filter((format) => bits(format) >= wanted).sort((a, b) => bits(a) - bits(b))[0];
  return enough ?? supported.reduce((a, b) => (bits(b) > bits(a) ? b : a));
}
