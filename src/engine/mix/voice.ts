/** One input on its way into a mix. */
import { AVDISCARD_ALL } from 'node-av/constants';
import { type Frame, Packet, type Stream } from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import { type AudioStreamFacts, mainAudio, type SourceFacts } from '../../core/facts.ts';
import type { MixInput } from '../../core/plan.ts';
import { requireComplete } from '../completeness.ts';
import { StreamDecoder } from '../decoder.ts';
import { again, ended, hasTime, seconds, type TimeBase } from '../ffmpeg.ts';
import { firstFrame } from '../first-frame.ts';
import { requireFrames, type StreamReading } from '../pass.ts';
import { probe } from '../probe.ts';
import { MAX_READ_ERRORS, type OpenSource, openSource } from '../source.ts';
import { HoleFiller } from '../taps/holes.ts';
import { type SoundShape, soundShape } from '../taps/sound.ts';
import { SteadySound } from '../taps/steady.ts';

/** Less is what containers round, or what encoders put in front. */
const SHORTEST_OFFSET_S = 0.02;

export class Voice implements Disposable {
  readonly facts: AudioStreamFacts;
  readonly input: MixInput;
  readonly stream: Stream;
  readonly shape: SoundShape;
  /** Seconds from 0:00 of the mix to the beginning of the sound. */
  readonly delay_s: number;
  ended = false;
  /** Seconds of the mix that have been read of it. */
  position: number;
  readonly #source: OpenSource;
  readonly #base: TimeBase;
  readonly #decoder: StreamDecoder;
  readonly #packet = new Packet();
  readonly #file: SourceFacts;
  readonly #holes: HoleFiller;
  readonly #steady: SteadySound;
  readonly #reading: StreamReading;

  private constructor(
    source: OpenSource,
    file: SourceFacts,
    audio: AudioStreamFacts,
    input: MixInput,
    first: Frame,
  ) {
    this.#source = source;
    this.#file = file;
    this.facts = audio;
    this.input = input;
    this.stream = source.format.streams[audio.index] as Stream;
    this.#base = this.stream.timeBase;
    for (const other of source.format.streams) if (other.index !== audio.index) other.discard = AVDISCARD_ALL;
    this.shape = soundShape(first);
    // Sound that begins later than its film keeps its place.
    const offset = hasTime(first.pts) ? seconds(first.pts, this.stream.timeBase) - file.format.zero_s : 0;
    this.delay_s = input.delay_ms / 1000 + (offset > SHORTEST_OFFSET_S ? offset : 0);
    this.position = this.delay_s;
    this.#holes = new HoleFiller(this.stream.timeBase);
    this.#steady = new SteadySound(this.stream.timeBase);
    this.#decoder = new StreamDecoder(this.stream, { threads: 1 });
    this.#packet.alloc();
    this.#reading = {
      stream: audio.index,
      decoded: true,
      packets: 0,
      frames: 0,
      errors: 0,
      first_s: null,
      end_s: null,
      first_error_s: null,
      holes_s: 0,
      first_hole_s: null,
      out_of_order: 0,
      jumps: 0,
    };
  }

  /** Throws `no_audio_stream` for a file without sound. */
  static async open(path: string, input: MixInput): Promise<Voice> {
    const file = await probe(path);
    const audio = mainAudio(file);
    if (!audio) throw new MillError('no_audio_stream', `${file.name} has no sound to mix.`);
    const first = await firstFrame(path, audio.index);
    try {
      return new Voice(await openSource(path), file, audio, input, first);
    } finally {
      first.free();
    }
  }

  get name(): string {
    return this.#file.name;
  }

  /** Channels it needs to be heard as it is. */
  get channels(): number {
    return this.input.pan === 0 ? this.shape.channels : Math.max(2, this.shape.channels);
  }

  get errors(): number {
    return this.#decoder.errors;
  }

  /** Reads one packet; hands out frames of one and the same shape. */
  read(visit: (frame: Frame) => void): void {
    const steady = (frame: Frame) =>
      this.#holes.fill(frame, (filled) => {
        this.position += filled.nbSamples / filled.sampleRate;
        this.#steady.push(filled, visit);
      });
    if (this.#next()) {
      this.#note();
      this.#decoder.decode(this.#packet, steady);
      this.#packet.unref();
    } else {
      this.ended = true;
      this.#decoder.decode(null, steady);
      this.#steady.end(visit);
    }
  }

  #next(): boolean {
    for (let errors = 0; errors <= MAX_READ_ERRORS; ) {
      const code = this.#source.format.readFrameSync(this.#packet);
      if (again(code)) continue;
      if (ended(code)) return false;
      if (code < 0) errors++;
      else if (this.#packet.streamIndex === this.stream.index) return true;
      else this.#packet.unref();
    }
    return false;
  }

  #note(): void {
    const reading = this.#reading;
    reading.packets++;
    const { pts, duration } = this.#packet;
    if (!hasTime(pts)) return;
    const at = seconds(pts, this.#base);
    reading.first_s ??= at;
    reading.end_s = Math.max(reading.end_s ?? at, at + seconds(duration, this.#base));
  }

  /** Once it has ended: throws when the file breaks off, or gave nothing; answers warnings. */
  async requireComplete(): Promise<string[]> {
    const reading = { ...this.#reading, frames: this.#decoder.frames, errors: this.#decoder.errors };
    requireFrames([reading], reading.stream);
    return await requireComplete(this.#source.path, this.#file, [reading]);
  }

  [Symbol.dispose](): void {
    this.#packet.free();
    this.#steady[Symbol.dispose]();
    this.#decoder[Symbol.dispose]();
    this.#source[Symbol.dispose]();
  }
}
