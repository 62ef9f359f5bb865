import type { RunView } from '../../src/server/run-view.ts';
import { eventually } from '../contracts/queue/kit.ts';

/** The run as soon as all its steps have ended, however they did. */
export async function endedRun(
  ask: (method: 'GET', url: string) => Promise<{ json(): unknown }>,
  id: string,
  withinMs = 180_000,
): Promise<RunView> {
  return await eventually(
    async () => {
      const view = (await ask('GET', `/api/runs/${id}`)).json() as RunView;
      return view.ended_at !== null && view;
    },
    withinMs,
    `the end of run ${id}`,
  );
}
