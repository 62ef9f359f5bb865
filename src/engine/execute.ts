/** Runs a plan: each output in the cheapest read that serves it, those that need a whole stream together in one. */
import type { MediaPlan, OutputResult, PlannedOutput } from '../core/plan.ts';
import { warnOfEnd } from './completeness.ts';
import type { PlanContext } from './context.ts';
import { explain } from './ffmpeg.ts';
import { packetFacts, scanFrames } from './frames/scan.ts';
import { measureFile } from './measure-file.ts';
import { mixDown } from './mix.ts';
import { isPartial } from './partial-file.ts';
import { readThrough } from './read-through.ts';
import { pickImages, resolveChoice } from './taps/images.ts';
import { verify } from './verify.ts';

/** What a look at the packets may read of a large file before it settles for its beginning. */
const SCAN_BYTES = 64 * 1024 * 1024;
/** The same where every byte comes over the network. */
const PARTIAL_SCAN_BYTES = 2 * 1024 * 1024;

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
  const together: number[] = [];
  const afterwards: number[] = [];
  for (const [index, output] of plan.outputs.entries()) {
    if (output.kind === 'loudness' && 'file' in output.of) {
      afterwards.push(index);
      continue;
    }
    const alone = await runAlone(output, plan, context, decoded);
    if (alone) results[index] = alone;
    else together.push(index);
  }
  if (together.length > 0) {
    const outputs = together.map((index) => plan.outputs[index] as PlannedOutput);
    const kinds = outputs.map(({ kind }) => kind).join(' ');
    const made = await measured('read', { outputs: kinds }, context, () =>
      readThrough(outputs, plan.inputs, context),
    );
    together.forEach((index, at) => {
      results[index] = made[at] as OutputResult;
    });
  }
  for (const index of afterwards) {
    const output = plan.outputs[index];
    if (output?.kind !== 'loudness' || !('file' in output.of)) continue;
    const { file } = output.of;
    results[index] = await measured('measure', { outputs: output.kind }, context, () =>
      measureFile(file, output.filter, context),
    );
  }
  return results;
}

/** Known to whoever measures the parts of the work. */
function measured<T>(
  name: string,
  facts: Record<string, string | number>,
  { clock }: PlanContext,
  work: () => Promise<T>,
): Promise<T> {
  return clock ? clock(name, facts, work) : work();
}

/** Outputs with a read of their own; null for those that want whole streams. */
async function runAlone(
  output: PlannedOutput,
  plan: MediaPlan,
  context: PlanContext,
  decoded: ReadonlySet<number>,
): Promise<OutputResult | null> {
  const own = (name: string, work: () => Promise<OutputResult>) =>
    measured(name, { outputs: output.kind }, context, work);
  switch (output.kind) {
    case 'facts':
      return await own('scan', () => scan(output, context));
    case 'images':
      return decoded.has(output.stream)
        ? null
        : await own('seek', async () => pickImages(output, await resolveChoice(output, context), context));
    case 'mix':
      return await own('mix', () => mixDown(output, plan.inputs, context));
    case 'verify':
      return await own('verify', () => verify(context));
    default:
      return null;
  }
}

/** Streams that an output decodes from start to end anyway, so that images can ride along. */
function decodedStreams(output: PlannedOutput): number[] {
  if (output.kind === 'media')
    return output.tracks.filter((track) => track.kind === 'video').map((track) => track.stream);
  return output.kind === 'scenes' ? [output.stream] : [];
}

async function scan(
  output: Extract<PlannedOutput, { kind: 'facts' }>,
  context: PlanContext,
): Promise<OutputResult> {
  const { facts, source, signal } = context;
  const stream = output.stream === null ? undefined : facts.streams[output.stream];
  const warnings = await warnOfEnd(source, facts);
  if (output.scan === 'header' || !stream) return { kind: 'facts', packets: null, warnings };
  const times = await scanFrames(source, stream.index, signal, {
    maxBytes: isPartial(source) ? PARTIAL_SCAN_BYTES : SCAN_BYTES,
  });
  return { kind: 'facts', packets: packetFacts(times, stream.time_base), warnings };
}
