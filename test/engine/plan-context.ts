import { type PlanContext, probe } from '../../src/engine/index.ts';
import { testFolder } from '../jobs/harness.ts';

/** What a plan on this source is executed with: a work folder, two threads, nobody who listens; or as given. */
export async function contextOf(source: string, given: Partial<PlanContext> = {}): Promise<PlanContext> {
  return {
    source,
    facts: await probe(source),
    work: await testFolder(),
    threads: 2,
    signal: new AbortController().signal,
    progress() {},
    log() {},
    ...given,
  };
}
