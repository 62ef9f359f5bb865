/** The films that trials leave behind for decoders, in each codec that devices are asked to decode. */
import type { Codec } from 'node-av/lib';
import type { CodecOptions } from '../core/plan.ts';
import type { DeviceContexts } from './device.ts';
import { encodeFilm, type FilmShape, type Sample } from './trial-film.ts';

/** What is decoded as a trial, by the encoder that makes it: in two groups, with pictures predicted both ways. */
const SAMPLES: Record<string, { codec: string; options: CodecOptions }> = {
  libx264: { codec: 'h264', options: { bf: 3, g: 8, 'x264-params': 'b-adapt=0' } },
  libx265: {
    codec: 'hevc',
    options: { preset: 'fast', 'x265-params': 'log-level=none:bframes=3:b-adapt=0:keyint=8' },
  },
  'libvpx-vp9': { codec: 'vp9', options: { g: 8, 'auto-alt-ref': 1, 'lag-in-frames': 8, 'cpu-used': 8 } },
  libsvtav1: { codec: 'av1', options: { g: 8, preset: 10 } },
};

/** Large enough for every hardware encoder. */
const TRIAL: FilmShape = { width: 256, height: 256, pictures: 3 };

/** No multiple of 16, which is what blocks are: as in 1920×1080, decoders have to cut. */
const SAMPLE: FilmShape = { width: 328, height: 264, pictures: 12 };

/** By the name of their codec. */
export class Samples extends Map<string, Sample> implements Disposable {
  /** Tries an encoder, and keeps what it made if that is to be decoded. Throws what keeps it from encoding. */
  encode(name: string, codec: Codec, devices: DeviceContexts): void {
    const wanted = SAMPLES[name];
    const [shape, options] = wanted ? [SAMPLE, wanted.options] : [TRIAL, {}];
    const film = encodeFilm({ name, codec, devices, shape, options });
    if (wanted) this.set(wanted.codec, film);
    else film[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const film of this.values()) film[Symbol.dispose]();
    this.clear();
  }
}
