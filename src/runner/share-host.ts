/** Attempts that were claimed together use one child process, which reads their source once. */
import { mkdir, rm } from 'node:fs/promises';
import { type MillError, toMillError } from '../core/errors.ts';
import type { ChildHost, Commission } from './child-host.ts';
import { gather } from './gather.ts';
import type { Outcome } from './protocol.ts';

export interface HostSeat extends Pick<ChildHost, 'run'> {
  /** Nobody is to wait for its order: the attempt has ended, or will run one later, alone. May be said twice. */
  leave(): void;
}

/** Ends of a process; when several orders shared it, they do not say whose fault it was. */
const ENDED_ALL: ReadonlySet<string> = new Set(['crashed', 'out_of_memory', 'timed_out']);

/** One for each attempt. */
export function shareHost(host: ChildHost, attempts: number): HostSeat[] {
  if (attempts === 1) return [{ run: host.run, leave() {} }];
  const seats = gather<Commission, Outcome>(attempts, (commissions) => {
    const outcomes = host.runTogether(commissions);
    if (commissions.length === 1) return outcomes;
    return outcomes.map((outcome, at) =>
      outcome.catch((error) => alone(host, commissions[at] as Commission, toMillError(error))),
    );
  });
  return seats.map(({ call, leave }) => ({ run: (order, options) => call({ order, options }), leave }));
}

/** Again from the start, so that one that brings the process down takes no other with it. */
async function alone(host: ChildHost, { order, options }: Commission, error: MillError): Promise<Outcome> {
  if (!ENDED_ALL.has(error.code) || options.signal?.aborted) throw error;
  options.onLog?.(
    'warn',
    `The process that worked on several jobs together has ended: ${error.message} This job is run alone now.`,
  );
  await rm(order.work, { recursive: true, force: true });
  await mkdir(order.work);
  return await host.run(order, options);
}
