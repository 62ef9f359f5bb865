/** Runs a plan: reads the source once, in the cheapest way that serves all of its outputs. */
import type { MediaOutput, MediaPlan, OutputResult, PlannedOutput } from '../core/plan.ts';
import { mustWatch, requireComplete } from './completeness.ts';
import { explain } from './ffmpeg.ts';
import { packetFacts, scanFrames } from './frames/scan.ts';
import type { PlanContext } from './index.ts';
import { readPass, requireFrames } from './pass.ts';
import { ProgressMeter } from './progress.ts';
import { openSource } from './source.ts';
import { ImagesTap, pickImages, resolveChoice } from './taps/images.ts';
import { MediaTap } from './taps/media.ts';
import type { Tap } from './taps/tap.ts';
import { WaveformTap } from './taps/waveform.ts';

/** What a look at the packets may read of a large file before it settles for its beginning. */
const SCAN_BYTES = 64 * 1024 * 1024;
/** Encoders that keep all cores busy by themselves; a second decoding thread would only add memory. */
const BUSY_ENCODER = /^(libx264|libx265|libsvtav1|libvpx|libaom)/;

/** Results in the order of the plan's outputs. Throws a MillError; files of a failed plan may be left in `work`. */
export async function execute(plan: MediaPlan, context: PlanContext): Promise<OutputResult[]> {
  try {
    return await run(plan, context);
  } catch (error) {
    throw await explain(error);
  }
}

async function run(plan: MediaPlan, context: PlanContext): Promise<OutputResult[]> {
  const results = new Array<OutputResult>(plan.outputs.length);
  const decoded = new Set(plan.outputs.flatMap(decodedStreams));
  const linear: number[] = [];
  for (const [index, output] of plan.outputs.entries()) {
    if (output.kind === 'facts') {
      results[index] = await scan(output, context);
    } else if (output.kind === 'images' && !decoded.has(output.stream)) {
      results[index] = await pickImages(output, await resolveChoice(output, context), context);
    } else {
      linear.push(index);
    }
  }
  if (linear.length > 0) {
    const made = await readThrough(
      linear.map((index) => plan.outputs[index] as PlannedOutput),
      context,
    );
    linear.forEach((index, at) => {
      results[index] = made[at] as OutputResult;
    });
  }
  return results;
}

/** Streams that an output decodes from start to end anyway, so that images can ride along. */
function decodedStreams(output: PlannedOutput): number[] {
  if (output.kind === 'media')
    return output.tracks.filter((track) => track.kind === 'video').map((track) => track.stream);
  return [];
}

async function scan(
  output: Extract<PlannedOutput, { kind: 'facts' }>,
  context: PlanContext,
): Promise<OutputResult> {
  const { facts, source, signal } = context;
  const stream = output.stream === null ? undefined : facts.streams[output.stream];
  if (output.scan === 'header' || !stream) return { kind: 'facts', packets: null, warnings: [] };
  const times = await scanFrames(source, stream.index, signal, SCAN_BYTES);
  return { kind: 'facts', packets: packetFacts(times, stream.time_base), warnings: [] };
}

async function readThrough(outputs: PlannedOutput[], context: PlanContext): Promise<OutputResult[]> {
  const { facts, signal, threads } = context;
  using source = await openSource(context.source);
  using taps = new DisposableStack();
  const opened: Tap[] = [];
  for (const output of outputs) opened.push(taps.use(await openTap(output, source, context)));
  const encodes = outputs.some(encodesVideo);
  const meter = new ProgressMeter(context.progress, facts.format.start_time_s ?? 0, facts.format.duration_s);
  const readings = await readPass(source, opened, {
    threads: () => (encodes ? 1 : threads),
    decoderOptions: () => ({}),
    watch: (stream) => mustWatch(facts, stream),
    signal,
    meter,
  });
  for (const tap of opened) {
    for (const [stream, appetite] of tap.wants) if (appetite === 'frames') requireFrames(readings, stream);
  }
  if (!opened.every((tap) => tap.satisfied)) await requireComplete(context.source, facts, readings);
  meter.checking();
  const results: OutputResult[] = [];
  for (const tap of opened) results.push(await tap.finish());
  for (const reading of readings) {
    if (reading.errors === 0) continue;
    const damage = `Stream ${reading.stream}: ${reading.errors} damaged packets or frames were passed over.`;
    for (const [index, result] of results.entries())
      if (opened[index]?.wants.has(reading.stream)) result.warnings.push(damage);
  }
  return results;
}

async function openTap(
  output: PlannedOutput,
  source: Awaited<ReturnType<typeof openSource>>,
  context: PlanContext,
): Promise<Tap> {
  switch (output.kind) {
    case 'media':
      return new MediaTap(output, { ...context, source });
    case 'images':
      return new ImagesTap(output, await resolveChoice(output, context), context);
    case 'waveform':
      return new WaveformTap(output, source.format.streams[output.stream] as never, context.work);
    case 'facts':
      throw new TypeError('Facts need no read.');
  }
}

function encodesVideo(output: PlannedOutput): output is MediaOutput {
  return (
    output.kind === 'media' &&
    output.tracks.some((track) => track.kind === 'video' && BUSY_ENCODER.test(track.encoder))
  );
}
