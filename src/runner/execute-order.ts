/** Runs one work order in the thread of a child process: checks, does the work, lists what came out. */
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { restrictDevices } from '../core/devices.ts';
import { MillError, toMillError } from '../core/errors.ts';
import { mainAudio, mainVideo, type SourceFacts } from '../core/facts.ts';
import { type AnyFileJob, type AnyJob, type AnyMediaJob, isMediaJob, type JobReport } from '../core/job.ts';
import { describePlan, type JobPlan, PLAIN_PLAN } from '../core/job-plan.ts';
import type { MediaPlan, OutputResult, Progress } from '../core/plan.ts';
import { outputTarget, type Params, type Registry } from '../core/registry.ts';
import type { Look, PlanContext } from '../engine/index.ts';
import { type AskForBytes, bytesOnDemand, readsHereAndThere } from './bytes-on-demand.ts';
import { listOutputs } from './outputs.ts';
import type { OrderLogLevel, OrderPart, Outcome, WorkOrder } from './protocol.ts';

/** What the runner needs of the engine. */
export interface Engine {
  probe(path: string): Promise<SourceFacts>;
  look(path: string): Promise<Look>;
  execute(plan: MediaPlan, context: PlanContext): Promise<OutputResult[]>;
  declarePartial(path: string, file: { size: number; need: AskForBytes }): Disposable;
}

export interface OrderContext {
  registry: Registry;
  /** The engine costs 70 ms to import; only what needs it asks for it. */
  loadEngine(): Promise<Engine>;
  signal: AbortSignal;
  progress(progress: Progress): void;
  log(level: OrderLogLevel, text: string): void;
  /** Hears how the job is done, and again when there is more of it; default nobody. */
  plan?(plan: JobPlan): void;
  /** Hears of every part of the work that is over; default nobody. */
  part?(part: OrderPart): void;
  /** Brings bytes of a partial input. */
  need?: AskForBytes;
}

/** Throws MillError only; `canceled` whenever the signal was aborted, whatever the work made of it. */
export async function executeOrder(order: WorkOrder, context: OrderContext): Promise<Outcome> {
  const started = performance.now();
  try {
    context.signal.throwIfAborted();
    const job = context.registry.get(order.task);
    const params = context.registry.parse(order.task, order.params);
    const report = await runJob(job, params, order, {
      ...context,
      progress: (progress) => context.progress(plainProgress(progress)),
    });
    context.signal.throwIfAborted();
    if (report.document !== undefined && job.output.kind === 'file') {
      await writeFile(join(order.work, order.target), `${JSON.stringify(report.document, null, 2)}\n`);
    }
    return {
      report: plainReport(report),
      outputs: await listOutputs(job.output.kind, order.work, order.target),
      metrics: { run_ms: Math.round(performance.now() - started) },
    };
  } catch (error) {
    if (context.signal.aborted) throw new MillError('canceled', undefined, { cause: error });
    throw toMillError(error);
  }
}

async function runJob(
  job: AnyJob,
  params: Params,
  order: WorkOrder,
  context: OrderContext,
): Promise<JobReport> {
  const input = await checkInput(job, order.input);
  if (isMediaJob(job)) return await runMediaJob(job, params, input ?? sourceOf(job, params), order, context);
  return await runFileJob(job, params, input, order, context);
}

/** Throws `input_required`, `input_not_found`, or `invalid_request` for a folder where a file is wanted. */
async function checkInput(job: AnyJob, input: string | null): Promise<string | null> {
  if (job.input.kind === 'none') return null;
  if (input === null) {
    if (job.input.optional) return null;
    throw new MillError('input_required', `${job.name} needs an input file.`);
  }
  const stats = await stat(input).catch(() => null);
  if (!stats) throw new MillError('input_not_found');
  if (job.input.kind !== 'file_or_directory' && !stats.isFile()) {
    throw new MillError('invalid_request', `${job.name} takes a file, and the input is not one.`);
  }
  return input;
}

async function runMediaJob(
  job: AnyMediaJob,
  params: Params,
  source: string,
  order: WorkOrder,
  context: OrderContext,
): Promise<JobReport> {
  const { signal, progress, log } = context;
  const { look, execute, declarePartial } = await context.loadEngine();
  const bytes = order.partial && context.need ? bytesOnDemand(order.partial.size_bytes, context.need) : null;
  // Taken back as soon as the source is whole: then everything is read as if it had always been here.
  let partial = bytes && declarePartial(source, { size: order.partial?.size_bytes ?? 0, need: bytes.need });
  const part = context.part?.bind(context);
  const clock = part && createPartClock(part);
  try {
    using seen = await (clock ? clock('probe', {}, () => look(source)) : look(source));
    signal.throwIfAborted();
    const { facts } = seen;
    checkNeeds(job, facts);
    const target = outputTarget(job, order.target);
    const { work, threads, devices, decode_on: decodeOn } = order;
    const done: OutputResult[][] = [];
    const plans: MediaPlan[] = [];
    let plan: MediaPlan | null = job.plan(facts, params, target);
    while (plan) {
      if (devices) plan = restrictDevices(plan, devices);
      plans.push(plan);
      context.plan?.(describePlan(facts, plans, decodeOn));
      if (partial && bytes && !readsHereAndThere(plan)) {
        progress({ percent: null, stage: 'fetching the input' });
        await bytes.all();
        partial[Symbol.dispose]();
        partial = null;
      }
      done.push(
        await execute(plan, {
          source,
          look: seen,
          facts,
          work,
          threads,
          decodeOn,
          signal,
          progress,
          log,
          clock,
        }),
      );
      plan = job.next?.(done, facts, params, target) ?? null;
    }
    return job.report(done.pop() ?? [], facts, params, done);
  } finally {
    partial?.[Symbol.dispose]();
  }
}

/** Jobs without an input_path say which of their files is the source. */
function sourceOf(job: AnyMediaJob, params: Params): string {
  const source = job.source?.(params);
  if (!source) throw new MillError('input_required', `${job.name} needs an input file.`);
  return source;
}

/** Cover art is no video: a job that needs pictures that move fails on an album track. */
function checkNeeds(job: AnyJob, facts: SourceFacts): void {
  const audio = mainAudio(facts);
  if (job.input.needs === 'audio' && !audio)
    throw new MillError('no_audio_stream', undefined, { facts: { still_image: facts.still_image } });
  if (job.input.needs !== 'video') return;
  const video = mainVideo(facts);
  if (!video) {
    const found = { has_audio: audio !== null, still_image: facts.still_image };
    throw new MillError('no_video_stream', undefined, { facts: found });
  }
  if (video.width > 0 && video.height > 0) return;
  throw new MillError('corrupt_media', 'The video stream does not even say how large its pictures are.');
}

async function runFileJob(
  job: AnyFileJob,
  params: Params,
  input: string | null,
  order: WorkOrder,
  context: OrderContext,
): Promise<JobReport> {
  const { signal, progress, log } = context;
  const probe = async (path: string) => (await context.loadEngine()).probe(path);
  if (input !== null && job.input.needs) checkNeeds(job, await probe(input));
  context.plan?.(PLAIN_PLAN);
  const { work, network } = order;
  const target = outputTarget(job, order.target);
  return await job.run({ input, target, work, signal, network, probe, progress, log }, params);
}

/** Tells of work when it is over, also when it fails. */
function createPartClock(tell: (part: OrderPart) => void): NonNullable<PlanContext['clock']> {
  const now = () => performance.timeOrigin + performance.now();
  return async (name, facts, work) => {
    const start_ms = now();
    try {
      return await work();
    } finally {
      tell({ name, facts, start_ms, end_ms: now() });
    }
  };
}

/** JSON has no NaN and no infinity, and a bar has no 101 %. */
function plainProgress(progress: Progress): Progress {
  const { percent, stage, ...numbers } = progress;
  return {
    percent: percent === null || Number.isNaN(percent) ? null : Math.min(100, Math.max(0, percent)),
    ...(stage !== undefined && { stage }),
    ...finite(numbers, (value) => value >= 0),
  };
}

function plainReport({
  message,
  data,
  warnings = [],
  metrics = {},
  errands = [],
}: JobReport): Outcome['report'] {
  return { message, data: JSON.parse(JSON.stringify(data)), warnings, metrics: finite(metrics), errands };
}

function finite<Numbers extends Record<string, number | undefined>>(
  numbers: Numbers,
  accept: (value: number) => boolean = () => true,
): Numbers {
  return Object.fromEntries(
    Object.entries(numbers).filter(
      ([, value]) => value !== undefined && Number.isFinite(value) && accept(value),
    ),
  ) as Numbers;
}
