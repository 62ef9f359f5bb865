/** The shape of decoded sound, and the filters that bring one shape into another. */
import { AV_CHANNEL_ORDER_UNSPEC } from 'node-av/constants';
import { avChannelLayoutDefault, avChannelLayoutDescribe, type ChannelLayout, type Frame } from 'node-av/lib';
import type { TimeBase } from '../ffmpeg.ts';

export interface SoundShape {
  /** Hertz. */
  rate: number;
  /** FFmpeg's number of the sample format. */
  format: number;
  /** FFmpeg's name of the layout, such as `5.1`. */
  layout: string;
  channels: number;
}

export function soundShape(frame: Frame): SoundShape {
  const layout = knownLayout(frame);
  return {
    rate: frame.sampleRate,
    format: frame.format,
    layout: layoutName(layout),
    channels: layout.nbChannels,
  };
}

/** Shapes of frames that come one after another: as long as nothing changes, the one shape there is. */
export class SoundWatch {
  #shape: SoundShape | null = null;
  #mask = 0n;

  look(frame: Frame): SoundShape {
    const shape = this.#shape;
    // Describing a layout costs more than all the rest.
    const { mask } = frame.channelLayout;
    const same =
      shape?.rate === frame.sampleRate &&
      shape.format === frame.format &&
      shape.channels === frame.channels &&
      mask === this.#mask;
    if (same) return shape;
    this.#mask = mask;
    this.#shape = soundShape(frame);
    return this.#shape;
  }
}

export function sameSound(a: SoundShape, b: SoundShape): boolean {
  return a.rate === b.rate && a.format === b.format && a.layout === b.layout;
}

/** Files that leave the layout open get the usual one of their channel count. */
export function knownLayout({ channelLayout: layout }: Frame): ChannelLayout {
  return layout.order === AV_CHANNEL_ORDER_UNSPEC ? avChannelLayoutDefault(layout.nbChannels) : layout;
}

export function layoutName(layout: ChannelLayout): string {
  return avChannelLayoutDescribe(layout) ?? 'stereo';
}

/** The beginning of a chain for sound of this shape. */
export function soundSource({ rate, format, layout }: SoundShape, base: TimeBase): `abuffer=${string}` {
  return `abuffer=time_base=${base.num}/${base.den}:sample_rate=${rate}:sample_fmt=${format}:channel_layout=${layout}`;
}

/**
 * Filters from one shape to a rate, a layout and a sample format (by its name). Levels stay as they are: one channel
 * goes to both sides unchanged instead of 3 dB softer, and several channels into fewer are scaled so that they
 * cannot clip, whether the samples are whole numbers or not.
 */
export function reshaping(from: SoundShape, to: { rate: number; layout: string; format: string }): string[] {
  const spread = from.channels === 1 && to.layout === 'stereo' ? ['pan=stereo|c0=c0|c1=c0'] : [];
  return [
    ...spread,
    `aresample=${to.rate}:out_chlayout=${to.layout}:rematrix_maxval=1`,
    `aformat=sample_fmts=${to.format}:sample_rates=${to.rate}:channel_layouts=${to.layout}`,
  ];
}
