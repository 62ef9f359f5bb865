/** Runs plans: each output in the cheapest read that serves it, those that need a whole stream together in one. */
import type { MediaPlan, OutputResult, PlannedOutput } from '../core/plan.ts';
import { warnOfEnd } from './completeness.ts';
import type { PlanContext } from './context.ts';
import { packetFacts, scanFrames } from './frames/scan.ts';
import { measureFile } from './measure-file.ts';
import { mixDown } from './mix.ts';
import { Part } from './part.ts';
import { isPartial } from './partial-file.ts';
import { type ReadItem, readThrough } from './read-through.ts';
import { pickImages, resolveChoice } from './taps/images.ts';
import { verify } from './verify.ts';

/** What a look at the packets may read of a large file before it settles for its beginning. */
const SCAN_BYTES = 64 * 1024 * 1024;
/** The same where every byte comes over the network. */
const PARTIAL_SCAN_BYTES = 2 * 1024 * 1024;

/** Results in the order of the plan's outputs. Throws a MillError; files of a failed plan may be left in `work`. */
export async function execute(plan: MediaPlan, context: PlanContext): Promise<OutputResult[]> {
  const [end] = executeTogether([{ plan, context }]);
  return (await end) as OutputResult[];
}

/**
 * Plans on one source, carried out in one go: what several of them want is read and decoded once. Each has its own
 * end, as from {@link execute}: one that fails, or whose signal is aborted, ends early and leaves the others alone.
 */
export function executeTogether(
  calls: readonly { plan: MediaPlan; context: PlanContext }[],
): Promise<OutputResult[]>[] {
  const parts = calls.map(({ plan, context }) => new Part(plan, context));
  void carryOut(parts);
  return parts.map(({ ended }) => ended);
}

/** Every part has ended afterwards. */
async function carryOut(parts: readonly Part[]): Promise<void> {
  try {
    await run(parts);
  } catch (error) {
    for (const part of parts) part.fail(error);
  }
  for (const part of parts) part.finish();
}

async function run(parts: readonly Part[]): Promise<void> {
  const decoded = new Set(parts.flatMap(({ plan }) => plan.outputs.flatMap(decodedStreams)));
  const together: ReadItem[] = [];
  for (const part of parts) {
    for (const [index, output] of part.plan.outputs.entries()) {
      if (measuresFile(output)) continue;
      await part.attempt(async () => {
        const alone = await runAlone(output, part, decoded);
        if (alone) part.results[index] = alone;
        else together.push({ part, index });
      });
    }
    // What a look at the header tells need not wait for what the others decode.
    if (!part.plan.outputs.some(measuresFile) && together.every((item) => item.part !== part)) part.finish();
  }
  await readTogether(together);
  for (const part of parts) {
    for (const [index, output] of part.plan.outputs.entries()) {
      if (!measuresFile(output)) continue;
      await part.attempt(async () => {
        part.results[index] = await measured('measure', { outputs: output.kind }, [part], () =>
          measureFile(output.of.file, output.filter, part.context),
        );
      });
    }
  }
}

async function readTogether(items: readonly ReadItem[]): Promise<void> {
  const byPart = Map.groupBy(items, ({ part }) => part);
  const parts = [...byPart.keys()].filter((part) => !part.failed);
  const read = (some: readonly Part[]) => {
    const chosen = some.flatMap((part) => byPart.get(part) ?? []);
    if (chosen.length === 0) return;
    const kinds = chosen.map(({ part, index }) => part.plan.outputs[index]?.kind).join(' ');
    return measured('read', { outputs: kinds }, some, () => readThrough(chosen));
  };
  try {
    await read(parts);
  } catch (error) {
    const [first, ...others] = parts;
    if (others.length === 0) first?.fail(error);
    // A stream that cannot be read is the ruin of those that want it only.
    else for (const part of parts) await part.attempt(() => read([part]));
  }
}

/** Loudness of a file that the same plan makes. */
function measuresFile(
  output: PlannedOutput,
): output is Extract<PlannedOutput, { kind: 'loudness' }> & { of: { file: string } } {
  return output.kind === 'loudness' && 'file' in output.of;
}

/** Known to whoever measures the parts of the work. */
function measured<T>(
  name: string,
  facts: Record<string, string | number>,
  parts: readonly Part[],
  work: () => Promise<T>,
): Promise<T> {
  const clocked = parts.reduce<() => Promise<T>>((inner, { context: { clock } }) => {
    return clock ? () => clock(name, facts, inner) : inner;
  }, work);
  return clocked();
}

/** Outputs with a read of their own; null for those that want whole streams. */
async function runAlone(
  output: PlannedOutput,
  part: Part,
  decoded: ReadonlySet<number>,
): Promise<OutputResult | null> {
  const { plan, context } = part;
  const own = (name: string, work: () => Promise<OutputResult>) =>
    measured(name, { outputs: output.kind }, [part], work);
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
    look: context.look,
    maxBytes: isPartial(source) ? PARTIAL_SCAN_BYTES : SCAN_BYTES,
  });
  return { kind: 'facts', packets: packetFacts(times, stream.time_base), warnings };
}
