/** One linear read of a source that serves every tap: demux once, decode each wanted stream once. */
import { AV_PKT_FLAG_CORRUPT, AVDISCARD_ALL, AVMEDIA_TYPE_AUDIO } from 'node-av/constants';
import { type Frame, Packet } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { type Decoder, StreamDecoder } from './decoder.ts';
import type { ChooseDecoder } from './device-decoding.ts';
import { again, ended, hasTime, seconds, type TimeBase, turn } from './ffmpeg.ts';
import { tickAt } from './frames/choose.ts';
import { landBefore } from './frames/landing.ts';
import type { ProgressMeter } from './progress.ts';
import { MAX_READ_ERRORS, type OpenSource } from './source.ts';
import { SteadyClock } from './steady-clock.ts';
import type { Tap } from './taps/tap.ts';

/** How long the loop may run before the event loop gets a turn: cancel messages, log lines, native finalizers. */
const TURN_EVERY_MS = 30;
/** A byte or three behind the last frame of an MP3 or ADTS file are litter and no damage. */
const SMALLEST_FRAME = 4;
/** Timestamps of containers are rounded; what is less is no hole in the sound. */
const SHORTEST_HOLE_S = 0.1;

export interface PassOptions {
  threads: (stream: number) => number;
  decoderOptions: (stream: number) => Record<string, string>;
  /** Default: software for every stream. */
  chooseDecoder?: ChooseDecoder;
  /** Streams nobody wants whose extent is still to be seen. */
  watch: (stream: number) => boolean;
  /** Begins at a key frame of this stream that is not after the time, in seconds on the container's timeline. */
  from?: { stream: number; time_s: number };
  signal: Pick<AbortSignal, 'throwIfAborted'>;
  meter: ProgressMeter;
}

/** What was seen of one stream. */
export interface StreamReading {
  stream: number;
  /** Frames were wanted, not only packets. */
  decoded: boolean;
  packets: number;
  frames: number;
  /** Damaged packets and frames that were passed over. */
  errors: number;
  /** Seconds on the container's timeline; null when nothing came. */
  first_s: number | null;
  /** End of the last packet. */
  end_s: number | null;
  /** Where the first damage was met. */
  first_error_s: number | null;
  /** Seconds of sound between packets that do not follow each other. */
  holes_s: number;
  /** Where the first hole begins. */
  first_hole_s: number | null;
  /** Packets whose decoding timestamp does not rise. */
  out_of_order: number;
  /** How often the clock of the container jumped; timestamps go on as if it had not. */
  jumps: number;
}

/** Reads until the end, or until every tap is satisfied. */
export async function readPass(
  source: OpenSource,
  taps: readonly Tap[],
  options: PassOptions,
): Promise<StreamReading[]> {
  const { format } = source;
  const lanes = format.streams.map((stream) => {
    const packetTaps = taps.filter((tap) => tap.wants.get(stream.index) === 'packets');
    const frameTaps = taps.filter((tap) => tap.wants.get(stream.index) === 'frames');
    if (packetTaps.length + frameTaps.length === 0 && !options.watch(stream.index)) {
      stream.discard = AVDISCARD_ALL;
      return null;
    }
    return new Lane(stream, packetTaps, frameTaps, options);
  });
  const clock = SteadyClock.of(format);
  const packet = new Packet();
  packet.alloc();
  let lastTurn = performance.now();
  let readErrors = 0;
  let landed = options.from ? await land(source, options.from, packet) : false;
  try {
    for (;;) {
      const read = landed ? 0 : source.read(packet);
      landed = false;
      if (ended(read)) break;
      if (read < 0) {
        if (again(read)) continue;
        if (++readErrors > MAX_READ_ERRORS) break;
        continue;
      }
      readErrors = 0;
      const lane = lanes[packet.streamIndex];
      if (lane) {
        clock?.set(packet);
        lane.take(packet);
        options.meter.at(lane.position);
      }
      packet.unref();
      const now = performance.now();
      if (now - lastTurn > TURN_EVERY_MS) {
        await turn();
        lastTurn = now;
        options.signal.throwIfAborted();
        options.meter.report();
      }
      if (taps.every((tap) => tap.satisfied)) break;
    }
    for (const lane of lanes) lane?.end();
    return lanes.flatMap((lane) => (lane ? [lane.reading(readErrors, clock?.jumps ?? 0)] : []));
  } finally {
    packet.free();
    for (const lane of lanes) lane?.[Symbol.dispose]();
  }
}

/** True when `packet` holds the first packet to take. */
async function land(
  source: OpenSource,
  from: { stream: number; time_s: number },
  packet: Packet,
): Promise<boolean> {
  const stream = source.format.streams[from.stream];
  if (!stream || from.time_s <= 0) return false;
  return (await landBefore(source, stream, tickAt(from.time_s, stream.timeBase), packet)) !== null;
}

type LaneStream = ConstructorParameters<typeof StreamDecoder>[0];

/** One stream on its way to its taps. */
class Lane implements Disposable {
  readonly #index: number;
  /** Kept: the binding makes a new object each time it is asked. */
  readonly #timeBase: TimeBase;
  readonly #sounds: boolean;
  readonly #packetTaps: Tap[];
  readonly #frameTaps: Tap[];
  readonly #decoder: Decoder | null;
  readonly #meter: ProgressMeter;
  #packets = 0;
  /** Packets that came incomplete, beside those the decoder complained of. */
  #cut = 0;
  /** Complaints about bytes that are no frame. */
  #litter = 0;
  #outOfOrder = 0;
  #firstError: number | null = null;
  #lastDts: bigint | null = null;
  #holes = 0;
  #firstHole: number | null = null;
  #first: number | null = null;
  #end: number | null = null;
  /** Seconds on the container's timeline. */
  position = 0;

  constructor(stream: LaneStream, packetTaps: Tap[], frameTaps: Tap[], options: PassOptions) {
    this.#index = stream.index;
    this.#timeBase = stream.timeBase;
    this.#sounds = stream.codecpar.codecType === AVMEDIA_TYPE_AUDIO;
    this.#packetTaps = packetTaps;
    this.#frameTaps = frameTaps;
    this.#meter = options.meter;
    const { threads, decoderOptions, chooseDecoder } = options;
    const software = () =>
      new StreamDecoder(stream, { threads: threads(stream.index), options: decoderOptions(stream.index) });
    this.#decoder = frameTaps.length === 0 ? null : (chooseDecoder?.(stream, software) ?? software());
  }

  take(packet: Packet): void {
    this.#packets++;
    this.#note(packet);
    for (const tap of this.#packetTaps) tap.packet?.(packet, this.#index);
    this.#decoder?.skipUnreferenced?.(!this.#frameTaps.some((tap) => tap.needs?.(packet) ?? true));
    const complaints = this.#decode(packet);
    const litter = complaints > 0 && packet.size < SMALLEST_FRAME;
    if (litter) this.#litter += complaints;
    // The demuxer marks what it could not read whole; the decoder need not notice.
    const cut = complaints === 0 && (packet.flags & AV_PKT_FLAG_CORRUPT) !== 0;
    if (cut) this.#cut++;
    if ((complaints > 0 && !litter) || cut) this.#firstError ??= this.position;
  }

  end(): void {
    if (this.#decode(null) > 0) this.#firstError ??= this.position;
  }

  /** How often the decoder complained. */
  #decode(packet: Packet | null): number {
    const before = this.#decoder?.errors ?? 0;
    this.#decoder?.decode(packet, this.#frame);
    return (this.#decoder?.errors ?? 0) - before;
  }

  reading(readErrors: number, jumps: number): StreamReading {
    return {
      stream: this.#index,
      decoded: this.#decoder !== null,
      packets: this.#packets,
      frames: this.#decoder?.frames ?? 0,
      errors: (this.#decoder?.errors ?? 0) - this.#litter + this.#cut + readErrors,
      first_s: this.#first,
      end_s: this.#end,
      first_error_s: this.#firstError,
      holes_s: this.#holes,
      first_hole_s: this.#firstHole,
      out_of_order: this.#outOfOrder,
      jumps,
    };
  }

  #frame = (frame: Frame): void => {
    for (const tap of this.#frameTaps) tap.frame?.(frame, this.#index);
    if (frame.width > 0) this.#meter.frame();
  };

  #note(packet: Packet): void {
    if (hasTime(packet.dts)) {
      if (this.#lastDts !== null && packet.dts <= this.#lastDts) this.#outOfOrder++;
      this.#lastDts = packet.dts;
    }
    const timestamp = hasTime(packet.pts) ? packet.pts : packet.dts;
    if (!hasTime(timestamp)) return;
    const at = seconds(timestamp, this.#timeBase);
    const until = at + seconds(packet.duration, this.#timeBase);
    this.#noteHole(at, until);
    this.position = at;
    this.#first = this.#first === null ? at : Math.min(this.#first, at);
    this.#end = this.#end === null ? until : Math.max(this.#end, until);
  }

  /** Pictures may be shown for any time; sound goes on without a pause. */
  #noteHole(at: number, until: number): void {
    if (!this.#sounds || this.#end === null || until === at) return;
    const hole = at - this.#end;
    if (hole <= SHORTEST_HOLE_S) return;
    this.#holes += hole;
    this.#firstHole ??= this.#end;
  }

  [Symbol.dispose](): void {
    this.#decoder?.[Symbol.dispose]();
  }
}

export function requireFrames(readings: readonly StreamReading[], stream: number): void {
  const reading = readings.find((r) => r.stream === stream);
  if (reading && reading.frames > 0) return;
  throw new MillError(
    'corrupt_media',
    `Stream ${stream} gave no usable frames${reading?.errors ? `; ${reading.errors} packets are damaged` : ''}.`,
    { facts: { stream, packets: reading?.packets ?? 0, errors: reading?.errors ?? 0 } },
  );
}
