/** FFmpeg's `amix` without its scaling of inputs: a plain sum. */
import { AV_BUFFERSRC_FLAG_KEEP_REF } from 'node-av/constants';
import { avChannelLayoutDefault, type FilterContext, FilterGraph, Frame } from 'node-av/lib';
import type { MixOutput } from '../../core/plan.ts';
import { again, ended, must } from '../ffmpeg.ts';
import { layoutName, reshaping, type SoundShape, soundSource } from '../taps/sound.ts';
import type { Voice } from './voice.ts';

/** Samples handed out at a time: each hand-over costs a few calls. */
const CHUNK = 8192;

export class Mixer implements Disposable {
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
    const layout = layoutName(avChannelLayoutDefault(channels));
    const branches = voices.map((voice, index) => branch(voice, index, rate, layout));
    const labels = voices.map((_, index) => `[v${index}]`).join('');
    const sum = `${labels}amix=inputs=${voices.length}:duration=${plan.duration}:dropout_transition=0:normalize=0`;
    const gain = plan.gain_db === 0 ? '' : `,volume=${plan.gain_db}dB:precision=double`;
    const text = `${branches.join(';')};${sum}${gain},aformat=sample_fmts=fltp,asetnsamples=n=${CHUNK}:p=0,abuffersink@out`;
    must(this.#graph.parse2(text), 'build the mixer');
    must(this.#graph.configSync(), 'configure the mixer');
    for (const [index, voice] of voices.entries()) {
      const input = this.#graph.getFilter(`abuffer@in${index}`);
      if (input) this.#inputs.set(voice, input);
    }
    const sink = this.#graph.getFilter('abuffersink@out');
    if (!sink) throw new TypeError('The mixer has no end.');
    this.#sink = sink;
  }

  get seconds(): number {
    return this.#samples / this.rate;
  }

  push(voice: Voice, frame: Frame): void {
    // An input that amix has closed answers with the end.
    const code = this.#inputs.get(voice)?.buffersrcAddFrameSync(frame, AV_BUFFERSRC_FLAG_KEEP_REF) ?? 0;
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

function branch(voice: Voice, index: number, rate: number, layout: string): string {
  const { gain_db, pan } = voice.input;
  const delay = Math.round(voice.delay_s * rate);
  return [
    soundSource(voice.shape, voice.stream.timeBase).replace('=', `@in${index}=`),
    // Its place in the mix is what `delay_s` says, whatever its container's clock says.
    'asetpts=N/SR/TB',
    ...shaping(voice.shape, pan, rate, layout),
    ...(gain_db === 0 ? [] : [`volume=${gain_db}dB:precision=double`]),
    ...(delay === 0 ? [] : [`adelay=${delay}S:all=1`]),
  ]
    .join(',')
    .concat(`[v${index}]`);
}

/** Two sides first where there is a balance, then the layout of the mix. */
function shaping(shape: SoundShape, pan: number, rate: number, layout: string): string[] {
  const format = 'fltp';
  if (pan === 0) return reshaping(shape, { rate, layout, format });
  const sides = { rate, layout: 'stereo', format };
  return [
    ...reshaping(shape, sides),
    balance(pan),
    ...(layout === 'stereo'
      ? []
      : reshaping({ ...shape, layout: 'stereo', channels: 2 }, { ...sides, layout })),
  ];
}

/** A balance control: the far side is turned down, the near side stays. */
function balance(pan: number): string {
  return `pan=stereo|c0=${Math.min(1, 1 - pan)}*c0|c1=${Math.min(1, 1 + pan)}*c1`;
}
