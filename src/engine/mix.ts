/** The sum of several sounds, sample by sample, at a common rate and layout. Sources are read side by side, in step. */
import type { MixOutput, OutputResult } from '../core/plan.ts';
import type { PlanContext } from './context.ts';
import { turn } from './ffmpeg.ts';
import { Mixer } from './mix/mixer.ts';
import { Sink } from './mix/sink.ts';
import { Voice } from './mix/voice.ts';
import { ProgressMeter } from './progress.ts';

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
  const rate = plan.sample_rate ?? Math.max(...voices.map((voice) => voice.shape.rate));
  const channels = plan.channels ?? Math.max(...voices.map((voice) => voice.channels));
  const mixer = stack.use(new Mixer(plan, voices, rate, channels));
  const sink = stack.use(new Sink(plan, rate, context.work));
  const meter = new ProgressMeter(context.progress, 0, lengthOf(plan, voices));
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
  mixer.pull(sink.take);
  const warnings = voices.flatMap(damageOf);
  for (const voice of voices) if (voice.ended) warnings.push(...(await voice.requireComplete()));
  meter.checking();
  const result = await sink.finish();
  return { ...result, warnings: [...result.warnings, ...warnings] };
}

/** Seconds that are to be expected. */
function lengthOf({ duration }: MixOutput, voices: readonly Voice[]): number {
  const lengths = voices.map((voice) => (voice.facts.duration_s ?? 0) + voice.delay_s);
  if (duration === 'shortest') return Math.min(...lengths);
  return duration === 'first' ? (lengths[0] ?? 0) : Math.max(...lengths);
}

function damageOf({ name, errors }: Voice): string[] {
  return errors > 0 ? [`${name}: ${errors} damaged packets or frames were passed over.`] : [];
}
