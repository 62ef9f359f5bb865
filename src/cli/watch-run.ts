/** Follows a run of a recipe on a server until all its steps have ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './client.ts';
import { EXIT_FAILED } from './failure.ts';
import { hasEnded } from './job-view.ts';
import { printJson } from './output.ts';
import { progressLine } from './progress-line.ts';
import type { RunStepView, RunView } from './run-view.ts';
import { printStep } from './step-line.ts';

/** Between two looks. */
const LOOK_MS = 1000;

/** Prints every step when it ends, as JSON the whole run; the exit code is 1 unless all have finished. */
export async function followRun(client: Client, id: string, json: boolean): Promise<void> {
  const path = `/api/runs/${encodeURIComponent(id)}`;
  const line = progressLine(id);
  const told = new Set<string>();
  const tell = (step: RunStepView) => {
    if (told.has(step.id) || !hasEnded(step)) return;
    told.add(step.id);
    line.clear();
    printStep({
      ...step,
      canceled: step.status === 'canceled',
      seconds: step.duration,
      output_size_bytes: null,
    });
  };
  try {
    for (;;) {
      const run = await client.get<RunView>(path);
      if (!json) run.steps.forEach(tell);
      if (run.ended_at !== null) {
        if (json) printJson(run);
        if (run.status !== 'finished') process.exitCode = EXIT_FAILED;
        return;
      }
      line.update({ percent: run.percent });
      await sleep(LOOK_MS);
    }
  } finally {
    line.clear();
  }
}
