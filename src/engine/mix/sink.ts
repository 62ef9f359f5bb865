/** Where a mix goes: its peak is always measured, a file is made when one is asked for. */
import type { Frame } from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import { mainAudio } from '../../core/facts.ts';
import type { MixOutput, OutputResult } from '../../core/plan.ts';
import { extensionOf } from '../../core/registry.ts';
import { Muxer } from '../muxer.ts';
import { probe } from '../probe.ts';
import { AudioWriter } from '../taps/audio-track.ts';

/** What a file may differ from the sum in length: frames of a codec without an index of its padding. */
const TOLERANCE_S = 0.1;
/** dBFS above which a sum clips; below are rounding errors of a float. */
const CLIPPING_DB = 0.01;

export class Sink implements Disposable {
  readonly #plan: MixOutput;
  readonly #rate: number;
  readonly #muxer: Muxer | null;
  readonly #writer: AudioWriter | null;
  #peak = 0;
  #samples = 0;
  #channels = 0;

  constructor(plan: MixOutput, rate: number, work: string) {
    this.#plan = plan;
    this.#rate = rate;
    this.#muxer = plan.file === null ? null : new Muxer(work, plan.file, extensionOf(plan.file));
    this.#writer = this.#muxer && AudioWriter.forSamples(this.#muxer, trackOf(plan, rate), rate);
  }

  take = (frame: Frame): void => {
    this.#channels = frame.channels;
    this.#samples += frame.nbSamples;
    for (const plane of frame.extendedData ?? frame.data ?? []) {
      const samples = new Float32Array(plane.buffer, plane.byteOffset, frame.nbSamples);
      this.#peak = highest(samples, this.#peak);
    }
    this.#writer?.frame(frame);
  };

  async finish(): Promise<Extract<OutputResult, { kind: 'mix' }>> {
    if (this.#samples === 0) throw new MillError('corrupt_media', 'The inputs gave no usable sound.');
    this.#writer?.end();
    this.#muxer?.end();
    await this.#verify();
    const peak = this.#peak === 0 ? null : 20 * Math.log10(this.#peak);
    const clips = this.#plan.file !== null && peak !== null && peak > CLIPPING_DB;
    const sound = this.#writer?.sound;
    return {
      kind: 'mix',
      file: this.#plan.file,
      encoder: this.#plan.encoder,
      duration_s: this.#samples / this.#rate,
      sample_rate: sound?.sample_rate ?? this.#rate,
      channels: sound?.channels ?? this.#channels,
      peak_db: peak,
      warnings: [
        ...(this.#writer?.warnings ?? []),
        ...(clips
          ? [
              `The sum reaches ${peak.toFixed(1)} dBFS and clips. Lower gain_db of the inputs, or set normalize.`,
            ]
          : []),
      ],
    };
  }

  async #verify(): Promise<void> {
    if (!this.#muxer) return;
    const made = mainAudio(await probe(this.#muxer.path));
    const planned = this.#samples / this.#rate;
    // Bare AAC has no header: FFmpeg guesses its length from the bit rate.
    const bare = extensionOf(this.#muxer.path) === '.aac';
    const found = bare ? planned : (made?.duration_s ?? planned);
    if (made && Math.abs(found - planned) <= TOLERANCE_S) return;
    throw new MillError(
      'output_verification_failed',
      `The mix has ${made ? found.toFixed(2) : 0} s instead of ${planned.toFixed(2)} s.`,
    );
  }

  [Symbol.dispose](): void {
    this.#writer?.[Symbol.dispose]();
    this.#muxer?.[Symbol.dispose]();
  }
}

/** The loudest sample, or `peak` when that is louder. Not `of`: an iterator costs more than what is done here. */
function highest(samples: Float32Array, peak: number): number {
  for (let i = 0; i < samples.length; i++) {
    const level = Math.abs(samples[i] as number);
    if (level > peak) peak = level;
  }
  return peak;
}

function trackOf({ encoder, options, bit_rate }: MixOutput, rate: number) {
  return {
    kind: 'audio' as const,
    stream: 0,
    encoder,
    options,
    bit_rate,
    sample_rate: rate,
    channels: null,
    sample_format: null,
  };
}
