/** What a job says that waits for another one which failed, was canceled or was removed. */
import { type Failure, MillError } from '../core/errors.ts';

export type ParentEnd = 'failed' | 'canceled' | 'removed';

const HOW: Record<ParentEnd, string> = {
  failed: 'failed',
  canceled: 'was canceled',
  removed: 'was removed',
};

export interface ParentFacts {
  id: string;
  task: string;
  end: ParentEnd;
}

/** `Job <id> (<task>) failed` */
export function parentEnded({ id, task, end }: ParentFacts): string {
  return `Job ${id} (${task}) ${HOW[end]}`;
}

/** For a job that waits all the same. */
export function blockedDetail(parent: ParentFacts): string {
  return `${parentEnded(parent)}. This job waits until that one is retried and finishes.`;
}

/** For a job that fails with it. */
export function parentFailure(parent: ParentFacts): Failure {
  return new MillError('parent_failed', `${parentEnded(parent)}, and this job depends on it.`, {
    facts: { job: parent.id, task: parent.task, status: parent.end },
  }).toFailure();
}
