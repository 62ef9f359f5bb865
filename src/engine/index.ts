/**
 * The engine: the only folder that talks to FFmpeg (node-av), and only ever inside a child process.
 * Opens a source safely, tells the facts about it, and executes a plan in one pass.
 */
import type { SourceFacts } from '../core/facts.ts';
import type { MediaPlan, OutputResult, Progress } from '../core/plan.ts';

export interface PlanContext {
  /** Absolute path of the source. */
  source: string;
  facts: SourceFacts;
  /** Folder that every output file is written into. */
  work: string;
  /** CPU threads this job may count on. */
  threads: number;
  signal: AbortSignal;
  progress(progress: Progress): void;
  log(level: 'info' | 'warn' | 'error', text: string): void;
}

export { execute } from './execute.ts';
export { probe } from './probe.ts';
export type { MediaPlan, OutputResult, SourceFacts };
