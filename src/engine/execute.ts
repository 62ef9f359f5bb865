import { MillError } from '../core/errors.ts';
import type { MediaPlan, OutputResult } from '../core/plan.ts';
import type { PlanContext } from './index.ts';

export async function execute(_plan: MediaPlan, _context: PlanContext): Promise<OutputResult[]> {
  throw new MillError('internal', 'not yet');
}
