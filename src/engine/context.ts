import type { DeviceKind } from '../core/devices.ts';
import type { SourceFacts } from '../core/facts.ts';
import type { Progress } from '../core/plan.ts';
import type { Look } from './look.ts';

/** What a plan runs with. */
export interface PlanContext {
  /** Absolute path of the source. */
  source: string;
  facts: SourceFacts;
  /** Has the source open already; default it is opened anew. */
  look?: Look;
  /** Folder that every output file is written into. */
  work: string;
  /** CPU threads this job may count on. */
  threads: number;
  /** Device that also decodes what its encoders take; default software decodes. */
  decodeOn?: DeviceKind;
  signal: AbortSignal;
  progress(progress: Progress): void;
  log(level: 'info' | 'warn' | 'error', text: string): void;
  /** Measures a part of the work, such as one read of the source; default nobody does. */
  clock?: <T>(name: string, facts: Record<string, string | number>, work: () => Promise<T>) => Promise<T>;
}
