/** The sum of several sounds, sample by sample, at a common rate and layout. Sources are read side by side, in step. */
import { AVDISCARD_ALL } from 'node-av/constants';
import { type FilterContext, FilterGraph, Frame, Packet, type Stream } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { type AudioStreamFacts, mainAudio } from '../core/facts.ts';
import type { MixInput, MixOutput, OutputResult } from '../core/plan.ts';
import { extensionOf } from '../core/registry.ts';
import { requireComplete } from './completeness.ts';
import type { PlanContext } from './context.ts';
import { StreamDecoder } from './decoder.ts';
import { again, ended, hasTime, must, seconds, turn } from './ffmpeg.ts';
import { firstFrame } from './first-frame.ts';
import { Muxer } from './muxer.ts';
import { probe } from './probe.ts';
import { ProgressMeter } from './progress.ts';
import { type OpenSource, openSource } from './source.ts';
import { AudioWriter, soundShape } from './taps/audio-track.ts';

const TURN_EVERY_MS = 30;

/** Throws `no_audio_stream` for an input without sound. */
export async function mixDown(
  plan: MixOutput,
  paths: readonly string[],
  context: PlanContext,
): Promise<OutputResult> {
  using stack = new DisposableStack();
  const voices: Voice[] = [];
  for (const input of plan.inputs)
    voices.push(stack.use(await Voice.open(paths[input.input] as string, input)));
  const rate = plan.sample_rate ?? Math.max(...voices.map((voice) => voice.facts.sample_rate));
  const channels = plan.channels ?? Math.max(...voices.map((voice) => voice.channels));
  const mixer = stack.use(new Mixer(plan, voices, rate, channels));
  const sink = stack.use(new Sink(plan, mixer, context));
  const lengths = voices.map((voice) => (voice.facts.duration_s ?? 0) + voice.input.delay_ms / 1000);
  const total =
    plan.duration === 'shortest'
      ? Math.min(...lengths)
      : plan.duration === 'first'
        ? (lengths[0] ?? 0)
        : Math.max(...lengths);
  const meter = new ProgressMeter(context.progress, 0, total);
  let lastTurn = performance.now();
  for (;;) {
    // The one that is furthest behind is read next, so that little waits in the mixer.
    const next = voices.reduce<Voice | null>(
      (least, voice) => (voice.ended || (least && least.position <= voice.position) ? least : voice),
      null,
    );
    if (!next || mixer.ended) break;
    next.read((frame) => mixer.push(next, frame));
    if (next.ended) mixer.end(next);
    mixer.pull(sink.take);
    meter.at(mixer.seconds);
    if (performance.now() - lastTurn > TURN_EVERY_MS) {
      await turn();
      lastTurn = performance.now();
      context.signal.throwIfAborted();
      meter.report();
    }
  }
  if (plan.duration === 'longest') for (const voice of voices) await voice.requireComplete();
  mixer.pull(sink.take);
  meter.checking();
  return await sink.finish();
}

/** One input on its way into the mixer. */
class Voice implements Disposable {
  readonly facts: AudioStreamFacts;
  readonly input: MixInput;
  readonly stream: Stream;
  /** Its first frame: the shape of the sound. */
  readonly first: Frame;
  ended = false;
  position = 0;
  readonly #source: OpenSource;
  readonly #decoder: StreamDecoder;
  readonly #packet = new Packet();
  readonly #facts: Awaited<ReturnType<typeof probe>>;
  #end = 0;
  #begin: number | null = null;

  private constructor(
    source: OpenSource,
    facts: Awaited<ReturnType<typeof probe>>,
    audio: AudioStreamFacts,
    input: MixInput,
    first: Frame,
  ) {
    this.#source = source;
    this.#facts = facts;
    this.facts = audio;
    this.input = input;
    this.first = first;
    this.stream = source.format.streams[audio.index] as Stream;
    for (const other of source.format.streams) if (other.index !== audio.index) other.discard = AVDISCARD_ALL;
    this.#decoder = new StreamDecoder(this.stream, { threads: 1 });
    this.#packet.alloc();
  }

  static async open(path: string, input: MixInput): Promise<Voice> {
    const facts = await probe(path);
    const audio = mainAudio(facts);
    if (!audio) throw new MillError('no_audio_stream', `${facts.name} has no sound to mix.`);
    const first = await firstFrame(path, audio.index);
    return new Voice(await openSource(path), facts, audio, input, first);
  }

  get channels(): number {
    return this.input.pan === 0 ? this.facts.channels : Math.max(2, this.facts.channels);
  }

  read(visit: (frame: Frame) => void): void {
    for (;;) {
      const code = this.#source.format.readFrameSync(this.#packet);
      if (again(code)) continue;
      if (ended(code) || code < 0) {
        this.ended = true;
        this.#decoder.decode(null, visit);
        return;
      }
      if (this.#packet.streamIndex === this.stream.index) break;
      this.#packet.unref();
    }
    const { pts, duration } = this.#packet;
    if (hasTime(pts)) {
      const at = seconds(pts, this.stream.timeBase);
      this.#begin ??= at;
      this.position = at;
      this.#end = Math.max(this.#end, at + seconds(duration, this.stream.timeBase));
    }
    this.#decoder.decode(this.#packet, visit);
    this.#packet.unref();
  }

  async requireComplete(): Promise<void> {
    await requireComplete(this.#source.path, this.#facts, [
      {
        stream: this.stream.index,
        packets: 1,
        frames: 1,
        errors: 0,
        first_s: this.#begin ?? 0,
        end_s: this.#end,
        first_error_s: null,
        out_of_order: 0,
      },
    ]);
  }

  [Symbol.dispose](): void {
    this.first.free();
    this.#packet.free();
    this.#decoder[Symbol.dispose]();
    this.#source[Symbol.dispose]();
  }
}

/** FFmpeg's `amix` without its scaling of inputs: a plain sum. */
class Mixer implements Disposable {
  readonly rate: number;
  ended = false;
  readonly #graph = new FilterGraph();
  readonly #inputs = new Map<Voice, FilterContext>();
  readonly #sink: FilterContext;
  readonly #frame = new Frame();
  #samples = 0;

  constructor(plan: MixOutput, voices: readonly Voice[], rate: number, channels: number) {
    this.rate = rate;
    this.#graph.alloc();
    this.#frame.alloc();
    const layout = LAYOUTS[channels] ?? 'stereo';
    const branches = voices.map((voice, index) => branch(voice, index, rate, layout));
    const labels = voices.map((_, index) => `[v${index}]`).join('');
    const sum = `${labels}amix=inputs=${voices.length}:duration=${plan.duration}:dropout_transition=0:normalize=0`;
    const gain = plan.gain_db === 0 ? '' : `,volume=${plan.gain_db}dB:precision=double`;
    const text = `${branches.join(';')};${sum}${gain},aformat=sample_fmts=fltp,abuffersink@out`;
    must(this.#graph.parse2(text), 'build the mixer');
    must(this.#graph.configSync(), 'configure the mixer');
    voices.forEach((voice, index) => {
      const input = this.#graph.getFilter(`abuffer@in${index}`);
      if (input) this.#inputs.set(voice, input);
    });
    const sink = this.#graph.getFilter('abuffersink@out');
    if (!sink) throw new TypeError('The mixer has no end.');
    this.#sink = sink;
  }

  get seconds(): number {
    return this.#samples / this.rate;
  }

  push(voice: Voice, frame: Frame): void {
    // 8 is AV_BUFFERSRC_FLAG_KEEP_REF; an input that amix has closed answers with the end.
    const code = this.#inputs.get(voice)?.buffersrcAddFrameSync(frame, 8 as never) ?? 0;
    if (!ended(code)) must(code, 'mix a frame');
  }

  end(voice: Voice): void {
    this.#inputs.get(voice)?.buffersrcAddFrameSync(null);
  }

  pull(take: (frame: Frame) => void): void {
    for (;;) {
      const got = this.#sink.buffersinkGetFrameSync(this.#frame);
      if (ended(got)) this.ended = true;
      if (again(got) || ended(got)) return;
      must(got, 'take mixed sound');
      this.#frame.pts = BigInt(this.#samples);
      this.#samples += this.#frame.nbSamples;
      take(this.#frame);
      this.#frame.unref();
    }
  }

  [Symbol.dispose](): void {
    this.#frame.free();
    this.#graph.free();
  }
}

const LAYOUTS: Record<number, string> = {
  1: 'mono',
  2: 'stereo',
  3: '2.1',
  4: 'quad',
  5: '5.0',
  6: '5.1',
  7: '6.1',
  8: '7.1',
};

function branch(voice: Voice, index: number, rate: number, layout: string): string {
  const shape = soundShape(voice.first);
  const { num, den } = voice.stream.timeBase;
  const { gain_db, delay_ms, pan } = voice.input;
  return [
    `abuffer@in${index}=time_base=${num}/${den}:sample_rate=${shape.rate}:sample_fmt=${shape.format}:channel_layout=${shape.layout}`,
    // Each begins at its own beginning, whatever its container's clock says.
    'asetpts=N/SR/TB',
    `aresample=${rate}`,
    ...panFilter(pan, voice.facts.channels),
    // One channel into several goes to the front ones unchanged: a sum must not lose 3 dB.
    ...(voice.facts.channels === 1 && pan === 0 && layout === 'stereo' ? ['pan=stereo|c0=c0|c1=c0'] : []),
    `aformat=sample_fmts=fltp:sample_rates=${rate}:channel_layouts=${layout}`,
    ...(gain_db === 0 ? [] : [`volume=${gain_db}dB:precision=double`]),
    ...(delay_ms === 0 ? [] : [`adelay=${delay_ms}:all=1`]),
  ]
    .join(',')
    .concat(`[v${index}]`);
}

/** A balance control: the far side is turned down, the near side stays. */
function panFilter(pan: number, channels: number): string[] {
  if (pan === 0) return [];
  const left = Math.min(1, 1 - pan);
  const right = Math.min(1, 1 + pan);
  const [a, b] = channels === 1 ? ['c0', 'c0'] : ['c0', 'c1'];
  return [`pan=stereo|c0=${left}*${a}|c1=${right}*${b}`];
}

/** Where the sum goes: its peak is always measured, a file is made when one is asked for. */
class Sink implements Disposable {
  readonly #plan: MixOutput;
  readonly #mixer: Mixer;
  readonly #muxer: Muxer | null;
  readonly #writer: AudioWriter | null;
  #peak = 0;
  #samples = 0;
  #channels = 0;

  constructor(plan: MixOutput, mixer: Mixer, { work }: PlanContext) {
    this.#plan = plan;
    this.#mixer = mixer;
    this.#muxer = plan.file === null ? null : new Muxer(work, plan.file, extensionOf(plan.file));
    this.#writer =
      this.#muxer === null
        ? null
        : AudioWriter.forSamples(
            this.#muxer,
            {
              ...plan,
              kind: 'audio',
              stream: 0,
              sample_rate: mixer.rate,
              channels: null,
              sample_format: null,
            },
            mixer.rate,
          );
  }

  take = (frame: Frame): void => {
    this.#channels = frame.channels;
    this.#samples += frame.nbSamples;
    for (const plane of frame.extendedData ?? frame.data ?? []) {
      const samples = new Float32Array(plane.buffer, plane.byteOffset, frame.nbSamples);
      for (const sample of samples) {
        const level = Math.abs(sample);
        if (level > this.#peak) this.#peak = level;
      }
    }
    this.#writer?.frame(frame);
  };

  async finish(): Promise<OutputResult> {
    if (this.#samples === 0) throw new MillError('corrupt_media', 'The inputs gave no usable sound.');
    const warnings: string[] = [];
    if (this.#writer && this.#muxer) {
      this.#writer.end();
      this.#muxer.end();
      warnings.push(...this.#writer.warnings);
      const made = mainAudio(await probe(this.#muxer.path));
      const planned = this.#samples / this.#mixer.rate;
      if (!made || (made.duration_s !== null && Math.abs(made.duration_s - planned) > 0.1)) {
        throw new MillError(
          'output_verification_failed',
          `The mix has ${made?.duration_s ?? 0} s instead of ${planned.toFixed(2)} s.`,
        );
      }
    }
    const peak = this.#peak === 0 ? null : 20 * Math.log10(this.#peak);
    if (this.#plan.file !== null && peak !== null && peak > 0.01) {
      warnings.push(
        `The sum reaches ${peak.toFixed(1)} dBFS and clips. Lower gain_db of the inputs, or set normalize.`,
      );
    }
    return {
      kind: 'mix',
      file: this.#plan.file,
      duration_s: this.#samples / this.#mixer.rate,
      sample_rate: this.#mixer.rate,
      channels: this.#channels,
      peak_db: peak,
      warnings,
    };
  }

  [Symbol.dispose](): void {
    this.#writer?.[Symbol.dispose]();
    this.#muxer?.[Symbol.dispose]();
  }
}
