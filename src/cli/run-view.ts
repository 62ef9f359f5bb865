/** A run of a recipe as the API tells it: the parts that are printed. */
import type { Failure } from '../core/errors.ts';

export interface RunView {
  id: string;
  recipe: string | null;
  output_path: string | null;
  status: string;
  percent: number;
  /** Null while a step has not ended. */
  ended_at: string | null;
  steps: RunStepView[];
}

export interface RunStepView {
  id: string;
  task: string;
  job_id: string;
  status: string;
  output_path: string | null;
  message: string | null;
  /** Seconds. */
  duration: number | null;
  error: Failure | null;
}
