/** `mediamill worker` processes, one of which is killed now and then and replaced at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobRecord } from '../../src/queue/port.ts';
import { parseWorkerId } from '../../src/queue/worker-id.ts';
import { type Program, startWorker } from './program.ts';
import type { Stage } from './stage.ts';

export interface Kill {
  pid: number;
  /** Wall clock, milliseconds. */
  at: number;
}

export interface Crew {
  kills: Kill[];
  workers: Program[];
  /** SIGKILL for one of them; resolves when another one in its place takes jobs. */
  killOne(): Promise<void>;
  /** Kills one every so often, at most so many in all, until told to stop. */
  killUntil(over: () => boolean | Promise<boolean>, everyMs: number, most: number): Promise<void>;
  /** SIGTERM for all; answers how they ended. */
  dismiss(): Promise<(number | null)[]>;
}

export async function hireCrew(stage: Stage, size: number, env: Record<string, string>): Promise<Crew> {
  const workers = await Promise.all(Array.from({ length: size }, () => startWorker(stage, env)));
  const kills: Kill[] = [];

  async function killOne(): Promise<void> {
    const place = Math.floor(Math.random() * workers.length);
    const victim = workers[place] as Program;
    kills.push({ pid: victim.pid, at: Date.now() });
    await victim.stop('SIGKILL');
    workers[place] = await replacement();
  }

  /** As a supervisor does it: a worker that cannot reach its queue ends, and is started again. */
  async function replacement(tries = 20): Promise<Program> {
    try {
      return await startWorker(stage, env);
    } catch (error) {
      if (tries === 0) throw error;
      await sleep(500);
      return replacement(tries - 1);
    }
  }

  return {
    kills,
    workers,
    killOne,
    async killUntil(over, everyMs, most) {
      for (;;) {
        const next = performance.now() + everyMs;
        while (performance.now() < next) {
          if (await over()) return;
          await sleep(Math.min(50, everyMs));
        }
        if (kills.length < most) await killOne();
      }
    },
    dismiss: async () =>
      (await Promise.all(workers.map((worker) => worker.stop('SIGTERM')))).map(({ code }) => code),
  };
}

/** Milliseconds from each kill to the next claim of a job that the killed worker held, one for each job. */
export function recoveryTimes(jobs: readonly JobRecord[], kills: readonly Kill[]): number[] {
  const killed = new Map(kills.map(({ pid, at }) => [pid, at]));
  return jobs.flatMap(({ timeline }) =>
    timeline.flatMap((entry, index) => {
      const at = killed.get(parseWorkerId(entry.worker ?? '')?.pid ?? -1);
      if (entry.event !== 'lease_expired' || at === undefined) return [];
      const claimed = timeline.slice(index).find(({ event }) => event === 'claimed');
      return claimed ? [Date.parse(claimed.at) - at] : [];
    }),
  );
}
