/**
 * The plan before it runs: what is read, decoded, made and copied, which steps share a pass, what it will take, and
 * what somebody may not want. Pure; whoever calls it has looked at the sources and at the history.
 */
import { type Failure, MillError, toMillError } from '../errors.ts';
import { mainAudio, mainVideo, type SourceFacts } from '../facts.ts';
import { type AnyJob, isMediaJob } from '../job.ts';
import { describePlan, type JobPlan, PLAIN_PLAN, READINGS, type Reading } from '../job-plan.ts';
import type { MediaPlan } from '../plan.ts';
import { SOURCE } from '../recipe/recipe.ts';
import { type StepJob, sharedPasses } from '../recipe/steps.ts';
import { defaultExtension, outputTarget, type Registry } from '../registry.ts';
import { lengthOf, summarize } from '../suggestions/summary.ts';
import { decodedShares, type StreamShare } from './decoded-share.ts';
import { takesPart } from './one-read.ts';
import { planWarnings } from './plan-warnings.ts';
import { type Growth, type PastJob, type Prediction, predict } from './predict.ts';

/** What is known of a file that steps read. */
export interface Look {
  name: string;
  size_bytes: number | null;
  /** Null for what is no media, or cannot be read. */
  facts: SourceFacts | null;
  /** Why a file that should be media cannot be read. */
  problem: Failure | null;
  warnings: readonly string[];
}

export interface ExplainedPass {
  /** How much of the file is touched. */
  reads: Reading;
  /** `source`, or the step whose output is read. */
  from: string;
  /** Largest share of any stream; 0 when nothing is decoded, null when that is not known yet. */
  decoded_share: number | null;
  decoded: StreamShare[];
  steps: string[];
}

export interface ExplainedStep {
  id: string;
  task: string;
  /** `source`, or the step whose output it reads. */
  from: string;
  /** Path of what it writes; null for none. */
  output: string | null;
  /** Null when it is known only with what an earlier step makes, or when it cannot work. */
  plan: JobPlan | null;
  /** It goes over the source again, in ways that depend on what it finds. */
  more: boolean;
  predicted: Prediction | null;
  warnings: string[];
  /** Why it would fail on this source. */
  problem: Pick<Failure, 'code' | 'title' | 'detail' | 'next'> | null;
}

export interface Explanation {
  source: { name: string; size_bytes: number | null; duration_s: number | null; summary: string } | null;
  passes: ExplainedPass[];
  steps: ExplainedStep[];
  warnings: string[];
}

export interface ExplainPorts {
  registry: Registry;
  /** By path as the steps name it; what an earlier step makes is not there. */
  looks: ReadonlyMap<string, Look>;
  /** Finished jobs of a task, newest first. */
  history(task: string): readonly PastJob[];
}

interface Planned {
  step: StepJob;
  job: AnyJob;
  look: Look | null;
  media: MediaPlan | null;
  explained: ExplainedStep;
}

export function explain(steps: readonly StepJob[], ports: ExplainPorts): Explanation {
  const planned = steps.map((step) => planStep(step, ports));
  const source = planned.find(({ step }) => step.after === null && step.input !== null)?.look ?? null;
  const groups = sharedPasses(steps, ports.registry).map((group) => oneRead(planned, group));
  const alone = steps.filter(({ id }) => !groups.some((group) => group.includes(id))).map(({ id }) => [id]);
  const order = (group: readonly string[]) => steps.findIndex(({ id }) => id === group[0]);
  const passes = [...groups.filter(({ length }) => length > 0), ...alone].sort((a, b) => order(a) - order(b));
  return {
    source: source && {
      name: source.name,
      size_bytes: source.size_bytes,
      duration_s: source.facts && lengthOf(source.facts),
      summary: source.facts ? summarize(source.facts) : '',
    },
    passes: passes.map((group) => passOf(planned.filter(({ step }) => group.includes(step.id)))),
    steps: planned.map(({ explained }) => explained),
    warnings: [...(source?.warnings ?? [])],
  };
}

/** Of steps that could be read together, those that are; a plan that is not known yet stays with them. */
function oneRead(planned: readonly Planned[], group: readonly string[]): string[] {
  const members = planned.filter(({ step }) => group.includes(step.id));
  const served = takesPart(members.map(({ media }) => media ?? { inputs: [], outputs: [] }));
  return members.flatMap(({ step, media }, index) => (served[index] || media === null ? [step.id] : []));
}

function planStep(step: StepJob, { registry, looks, history }: ExplainPorts): Planned {
  const job = registry.get(step.task);
  const look = looks.get(sourceOf(step, job, registry) ?? '') ?? null;
  const explained: ExplainedStep = {
    id: step.id,
    task: step.task,
    from: step.after ?? SOURCE,
    output: step.output,
    plan: isMediaJob(job) ? null : PLAIN_PLAN,
    more: isMediaJob(job) && job.next !== undefined,
    predicted: null,
    warnings: [],
    problem: null,
  };
  let media: MediaPlan | null = null;
  try {
    media = look && mediaPlan(job, step, look, registry);
    if (media && look?.facts) {
      explained.plan = describePlan(look.facts, [media]);
      explained.warnings = planWarnings(look.facts, media);
    }
  } catch (error) {
    const { code, title, detail, next } = toMillError(error).toFailure();
    explained.plan = null;
    explained.problem = { code, title, detail, next };
  }
  if (!explained.problem) explained.predicted = predicted(step, look, media, explained, history);
  return { step, job, look, media, explained };
}

/** Jobs without an input say which of their files is the source. */
export function sourceOf(step: StepJob, job: AnyJob, registry: Registry): string | null {
  if (step.input !== null || !isMediaJob(job)) return step.input;
  return job.source?.(registry.parse(step.task, step.params)) ?? null;
}

/** Null for work on bytes. Throws what the job would fail with at once. */
function mediaPlan(job: AnyJob, step: StepJob, look: Look, registry: Registry): MediaPlan | null {
  const media = isMediaJob(job);
  if (!media && !job.input.needs) return null;
  const { facts } = look;
  if (!facts) {
    throw look.problem
      ? new MillError(look.problem.code, look.problem.detail)
      : new MillError('unsupported_media', `"${look.name}" is no video, sound or picture.`);
  }
  if (job.input.needs === 'audio' && !mainAudio(facts)) throw new MillError('no_audio_stream');
  if (job.input.needs === 'video' && !mainVideo(facts)) throw new MillError('no_video_stream');
  if (!media) return null;
  const name = step.output ?? step.task + defaultExtension(job, step.input, step.params);
  return job.plan(facts, registry.parse(step.task, step.params), outputTarget(job, name));
}

function predicted(
  { task, params }: StepJob,
  look: Look | null,
  media: MediaPlan | null,
  { plan }: ExplainedStep,
  history: ExplainPorts['history'],
): Prediction | null {
  const facts = look?.facts ?? null;
  const video = facts && mainVideo(facts);
  const source = {
    params,
    source_s: facts && lengthOf(facts),
    pixels: video ? video.display_width * video.display_height : null,
    input_bytes: look?.size_bytes ?? null,
  };
  const makesMedia = media?.outputs.some(({ kind }) => kind === 'media' || kind === 'mix') ?? false;
  return predict(history(task), source, {
    size: makesMedia ? 'media' : media ? 'fixed' : growthOfFile(task),
    time: timeGrowth(plan?.reads ?? 'file'),
  });
}

/** Tasks on bytes whose output is as large as what they read; others write a few lines about it. */
function growthOfFile(task: string): Growth {
  return /^(compress_|merge_|split_|download_)/.test(task) ? 'bytes' : 'fixed';
}

function timeGrowth(reads: Reading): Growth {
  if (reads === 'decode') return 'media';
  return reads === 'file' || reads === 'packets' ? 'bytes' : 'fixed';
}

function passOf(members: readonly Planned[]): ExplainedPass {
  const readings = members.flatMap(({ explained }) => explained.plan?.reads ?? []);
  const facts = members.find(({ look }) => look?.facts)?.look?.facts;
  const plans = members.flatMap(({ media }) => media ?? []);
  const media = members.some(({ job }) => isMediaJob(job));
  const decoded = facts && media ? decodedShares(facts, plans) : [];
  const known = !media || plans.length > 0;
  return {
    reads: READINGS.findLast((reading) => readings.includes(reading)) ?? (media ? 'decode' : 'file'),
    from: members[0]?.explained.from ?? SOURCE,
    decoded_share: known ? Math.max(0, ...decoded.map(({ share }) => share)) : null,
    decoded,
    steps: members.map(({ step }) => step.id),
  };
}
