/** A failed attempt as it is stored: with the last lines that were printed, and whether it broke like those before. */
import type { Failure } from '../core/errors.ts';
import type { JobRecord } from '../queue/port.ts';
import type { HostPathMask } from './host-paths.ts';

/** The end of the story; the whole is in the log of the job. */
const LINES = 20;
/** Where the engine and the supervisor keep what was printed. */
const LOGS = ['ffmpeg_log', 'stderr'] as const;

export function toldFailure(failure: Failure, job: Pick<JobRecord, 'timeline'>, mask: HostPathMask): Failure {
  const { detail, facts: given = {}, ...rest } = failure;
  const facts = { ...given };
  const log = LOGS.map((name) => facts[name])
    .find(Array.isArray)
    ?.map(String)
    .slice(-LINES);
  for (const name of LOGS) delete facts[name];
  const shown = mask.all(detail);
  const same = 1 + job.timeline.filter(({ event, detail }) => isFailure(event) && detail === shown).length;
  if (same > 1) facts.attempts_same_place = same;
  return {
    ...rest,
    detail: shown,
    ...(Object.keys(facts).length > 0 && { facts: mask.all(facts) }),
    ...(log && log.length > 0 && { log: mask.all(log) }),
  };
}

function isFailure(event: string): boolean {
  return event === 'attempt_failed' || event === 'failed';
}
