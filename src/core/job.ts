/**
 * A job is one file that default-exports `defineJob({...})`. Its strict schema gives types, validation, JSON
 * Schema, OpenAPI, command-line flags, the web form and the reference page; nothing is said twice.
 */
import type { z } from 'zod';
import type { SourceFacts } from './facts.ts';
import type { MediaPlan, OutputResult, Progress } from './plan.ts';

export const JOB_GROUPS = ['acquisition', 'video', 'audio', 'binary'] as const;
export type JobGroup = (typeof JOB_GROUPS)[number];

export interface InputSpec {
  /** `media` is opened and probed by the engine; `file` is only bytes; `none` takes no input_path. */
  kind: 'media' | 'file' | 'file_or_directory' | 'none';
  /** Stream the source must have; else the job fails at once with `no_video_stream` or `no_audio_stream`. */
  needs?: 'video' | 'audio';
  /** The job also runs without an input_path. */
  optional?: boolean;
}

export interface OutputSpec {
  kind: 'file' | 'directory' | 'none';
  /** Extensions that are accepted, with dots; the first is the default. Empty accepts any. */
  extensions: string[];
  /** `input`: the default extension is the input's when it is among `extensions`. */
  prefer?: 'input';
  /** The extension that the params ask for, when nobody named the output; null for none in particular. */
  // biome-ignore lint/suspicious/noExplicitAny: the params of the job, which its own schema has checked.
  extensionFor?(params: any, input: string | null): string | null;
}

/** Where the result goes, as far as a plan may know: names, no folders. */
export interface OutputTarget {
  /** Such as `video_h265.mp4`; also the name of the file or folder to create in the work folder. */
  name: string;
  /** Lower case with the dot, such as `.mp4`; empty for folders. */
  extension: string;
}

/** What a job says of its work. */
export interface JobReport {
  /** One sentence for people, such as "5.0 s of 640×360 H.264, 125 frames". */
  message: string;
  /** The task's own result, as jobs.md describes it. JSON. */
  data: Record<string, unknown>;
  warnings?: string[];
  /** Numbers beside the common metrics. */
  metrics?: Record<string, number>;
  /** When given, written as JSON to the output file by the runner. */
  document?: unknown;
  /** Done by the worker once the output is published; what they did is merged into `data`. */
  errands?: Errand[];
}

/**
 * What only the worker's own process can do, because a job knows no queue and no storage. Described as data;
 * each is done exactly once for a job, however often an attempt is repeated.
 */
export type Errand =
  /** Enqueues another job. A null input is this job's own, or the output of the job it waited for. */
  | {
      kind: 'enqueue';
      task: string;
      input_path: string | null;
      output_path: string;
      params: Record<string, unknown>;
    }
  /** Stores numbers with another job. */
  | { kind: 'report_metrics'; job_id: string; metrics: Record<string, number> }
  /** Deletes this job's input, unless other jobs still need it. */
  | { kind: 'purge_input' };

interface JobCommon<Name extends string, Schema extends z.ZodObject> {
  name: Name;
  title: string;
  /** What it does, for a person choosing a task. One to three sentences. */
  description: string;
  group: JobGroup;
  params: Schema;
  input: InputSpec;
  output: OutputSpec;
  /** Video encoders it may open, in the order they are tried; default none that needs a device. */
  encoders?(params: z.output<Schema>): string[];
  /** It contacts other machines: its process keeps the network. */
  usesNetwork?: true;
  /** What it does is done in a queue: `mediamill run` has none and cannot do it. */
  queueOnly?: true;
  /** A call that works, for the reference page. */
  example: {
    input_path?: string;
    output_path?: string;
    params: z.input<Schema>;
    /** The `data` of its result, as the job really gave it; long lists cut. Every task of the registry has one. */
    result?: Record<string, unknown>;
  };
}

/** Work on media: planned here, executed by the engine. Never touches FFmpeg. */
export interface MediaJobDefinition<Name extends string, Schema extends z.ZodObject>
  extends JobCommon<Name, Schema> {
  /** For jobs without an input_path: the file among the params that counts as the source. */
  source?(params: z.output<Schema>): string;
  plan(source: SourceFacts, params: z.output<Schema>, target: OutputTarget): MediaPlan;
  /** Another plan that the results so far call for, or null. `results` are those of each plan in turn. */
  next?(
    results: OutputResult[][],
    source: SourceFacts,
    params: z.output<Schema>,
    target: OutputTarget,
  ): MediaPlan | null;
  /** `results` are those of the last plan; `earlier` those of the plans before it. */
  report(
    results: OutputResult[],
    source: SourceFacts,
    params: z.output<Schema>,
    earlier: OutputResult[][],
  ): JobReport;
}

/** Work on bytes: runs in the child process with plain Node. */
export interface FileJobDefinition<Name extends string, Schema extends z.ZodObject>
  extends JobCommon<Name, Schema> {
  run(context: FileJobContext, params: z.output<Schema>): Promise<JobReport>;
}

export interface FileJobContext {
  /** Absolute path of the input; null when the task takes none. */
  input: string | null;
  target: OutputTarget;
  /** Empty folder to write the output into, as `${work}/${target.name}`; the runner publishes it. */
  work: string;
  signal: AbortSignal;
  /** Hosts and CIDR ranges that may be contacted although they are private; from the configuration. */
  network: { allow: readonly string[] };
  /** Facts about a media file; throws `unsupported_media` for anything else. */
  probe(path: string): Promise<SourceFacts>;
  progress(progress: Progress): void;
  log(level: 'info' | 'warn' | 'error', text: string): void;
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds jobs of unlike schemas.
export type AnyMediaJob = MediaJobDefinition<string, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type AnyFileJob = FileJobDefinition<string, any>;
export type AnyJob = AnyMediaJob | AnyFileJob;

export function isMediaJob(job: AnyJob): job is AnyMediaJob {
  return 'plan' in job;
}

/** Declares a job. Identity at run time; ties the types of schema, plan and report together. */
export function defineJob<const Name extends string, Schema extends z.ZodObject>(
  job: MediaJobDefinition<Name, Schema>,
): MediaJobDefinition<Name, Schema>;
export function defineJob<const Name extends string, Schema extends z.ZodObject>(
  job: FileJobDefinition<Name, Schema>,
): FileJobDefinition<Name, Schema>;
export function defineJob(job: AnyJob): AnyJob {
  return Object.freeze(job);
}
