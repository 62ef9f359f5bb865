/** Which of the queue's events one caller may hear. */
import { type Caller, sees } from '../../auth/caller.ts';
import type { JobRecord, QueueEvent } from '../../queue/port.ts';

/** Jobs that one listener is known to own; progress and log lines name only an id. The oldest are forgotten. */
const REMEMBERED = 5000;

export interface OwnEvents {
  /** Notes a job that the listener was told of. */
  knows(job: JobRecord): void;
  hears(event: QueueEvent): boolean;
}

export function ownEvents(caller: Caller): OwnEvents {
  const own = new Set<string>();
  function knows({ id }: JobRecord): void {
    own.delete(id);
    own.add(id);
    if (own.size > REMEMBERED) own.delete(own.values().next().value as string);
  }
  return {
    knows,
    hears(event) {
      if (caller.admin) return true;
      if (event.type === 'queue') return true;
      if (event.type === 'workers') return false;
      if (event.type !== 'job') return own.has(event.id);
      if (!sees(caller, event.job.owner)) return false;
      knows(event.job);
      return true;
    },
  };
}
