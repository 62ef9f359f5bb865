/** Shapes of the API as the page uses them; the generated ones, with what the schemas leave open spelled out. */
import type * as generated from './schema.gen';

export type { Problem, Worker as WorkerInfo } from './schema.gen';

export type Status = generated.Job['status'];
export const STATUSES = [
  'started',
  'queued',
  'scheduled',
  'deferred',
  'finished',
  'failed',
  'canceled',
] as const satisfies readonly Status[];
export const NEXT: readonly Status[] = ['queued', 'scheduled', 'deferred'];
export const ENDED: readonly Status[] = ['finished', 'failed', 'canceled'];

export interface Suggestion {
  title: string;
  reason: string;
  kind: 'retry' | 'retry_with' | 'run_task' | 'open';
  /** What `open` opens. */
  target?: 'upload' | 'task' | 'params' | 'system' | 'job';
  task?: string;
  params?: Record<string, unknown>;
  primary: boolean;
  output_path?: string;
  timeout_seconds?: number;
}

export type Failure = generated.Failure & {
  log?: string[];
  suggestions?: Suggestion[];
};

export type Job = Omit<generated.Job, 'error' | 'plan'> & {
  error: Failure | null;
  /** Name that the client gave the input. */
  input_name?: string | null;
  input_size_bytes?: number | null;
  on_parent_failure?: 'wait' | 'fail';
  plan?: Plan | null;
};

/** How the last attempt went about it. */
export interface Plan {
  source_kind: 'video' | 'audio' | 'image' | 'other' | null;
  source: string | null;
  duration_s: number | null;
  reads: string;
  steps: {
    kind: string;
    stream: number | null;
    from: string | null;
    to: string | null;
    detail: string | null;
  }[];
}

export type Progress = generated.Progress & { passes?: number; pass?: number; bytes_total?: number };
export type Counts = Partial<Record<Status, number>>;
export type LogLine = generated.LogLine;
export type OutputFile = generated.JobResult['outputs'][number];

/** JSON Schema of a field, with the hints of the job. */
export interface FieldSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minItems?: number;
  maxItems?: number;
  maxLength?: number;
  minLength?: number;
  pattern?: string;
  format?: string;
  unit?: string;
  group?: string;
  excludes?: string[];
  /** A place in the media, where a player can stand. */
  moment?: boolean;
  /** The choices go from less to more. */
  ordered?: boolean;
  /** Ordered choices, by the value of another field. */
  steps?: { by: string; of: Record<string, { values: string[]; usual: string }> };
  /** What an unset field means, where no default says so. */
  usual?: string;
  /** Name of the field that says which encoder the options are of. */
  encoder_field?: string;
  examples?: unknown[];
  anyOf?: FieldSchema[];
  oneOf?: FieldSchema[];
  items?: FieldSchema;
  properties?: Record<string, FieldSchema>;
  required?: string[];
  additionalProperties?: boolean | FieldSchema;
}

export type Task = Omit<generated.Task, 'params' | 'input'> & {
  group: string;
  params: FieldSchema;
  input: { kind: generated.Task['input']['kind']; needs?: 'video' | 'audio'; optional?: boolean };
};

export interface Stream {
  index: number;
  kind?: string;
  codec?: string;
  profile?: string | null;
  width?: number;
  height?: number;
  avg_frame_rate?: { value: number } | null;
  sample_rate?: number;
  channels?: number;
  channel_layout?: string | null;
  bit_rate?: number | null;
  language?: string | null;
  tags?: Record<string, string>;
}

export interface FileInfo {
  file_id: string | null;
  name: string;
  size_bytes: number;
  media_type: string;
  kind: 'video' | 'audio' | 'image' | 'other';
  duration_s: number | null;
  summary: string;
  source: { format?: { long_name?: string; name?: string; bit_rate?: number }; streams?: Stream[] } | null;
  problem: { code: string; title: string; detail: string; next: string } | null;
  suggestions: TaskHint[];
  unsuitable: TaskHint[];
}

export interface TaskHint {
  task: string;
  title: string;
  reason: string;
  params?: Record<string, unknown>;
}

export interface Preview {
  playable: boolean;
  kind: 'video' | 'audio' | 'image' | null;
  url: string | null;
  media_type: string | null;
  state: 'ready' | 'making' | 'failed';
  percent: number | null;
  rendition: boolean;
  detail: string | null;
}

export interface Peaks {
  duration_s: number;
  sample_rate: number;
  channels: { min: number[]; max: number[] }[];
}

export interface Sample {
  t_s: number;
  percent: number | null;
  fps: number | null;
  speed: number | null;
  memory_bytes: number | null;
}

export interface SystemReport {
  version: string;
  uptime_s: number;
  started_at: string;
  node: string;
  ffmpeg: string | null;
  cpu: { cores: number; load_percent: number | null };
  memory: {
    total_bytes: number;
    available_bytes: number;
    server_rss_bytes: number;
    workers_rss_bytes: number | null;
  };
  disk: { name: string; path: string; free_bytes: number | null; total_bytes: number | null }[];
  storage: { type: string };
  queue: { backend: string; paused: boolean };
  encoders:
    | { name: string; kind: string; hardware: string | null; works: boolean; reason: string | null }[]
    | null;
  decoders?: { name: string; codecs: string[]; differs: string[]; reason: string | null }[];
  settings: { key: string; value: unknown; origin: string; description: string }[];
}

export interface HistoryPoint {
  at: string;
  waiting: number | null;
  started: number | null;
  finished: number | null;
  failed: number | null;
  cpu_percent: number | null;
  memory_bytes: number | null;
  disk_free_bytes: number | null;
}
