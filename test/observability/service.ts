/** A server without workers and a worker beside it, as two processes on one embedded queue. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { emptyFolder, start } from '../cli/mediamill.ts';

/** A line of the log. */
export type Logged = Record<string, unknown> & { msg: string };

export interface RunningProgram {
  log: Logged[];
  /** The first line of the log that fits, as soon as it is there. */
  logged(fits: (line: Logged) => boolean): Promise<Logged>;
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>;
}

/** In a folder of its own, or in the one that is given. */
export function program(args: string[], env: Record<string, string>, cwd = emptyFolder()): RunningProgram {
  const child = start(args, { cwd, env: { MEDIAMILL_LOGGING_FORMAT: 'json', ...env } });
  const log: Logged[] = [];
  let complaints = '';
  createInterface({ input: child.stdout as Readable }).on('line', (line) => log.push(JSON.parse(line)));
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  async function stop(): Promise<number | null> {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    child.kill('SIGTERM');
    await once(child, 'exit');
    return child.exitCode;
  }
  onTestFinished(async () => void (await stop()));
  return {
    log,
    stop,
    async logged(fits) {
      for (;;) {
        const found = log.find(fits);
        if (found) return found;
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${complaints}`);
        await sleep(50);
      }
    },
  };
}

export async function addressOf(server: RunningProgram): Promise<string> {
  const { msg } = await server.logged(({ msg }) => /listening at http/i.test(msg));
  return /http:\/\/[\d.:]+/.exec(msg)?.[0] ?? '';
}

export async function finished(url: string, id: string): Promise<Record<string, unknown>> {
  for (;;) {
    const job = (await (await fetch(`${url}/api/jobs/${id}`)).json()) as { status: string };
    if (job.status === 'finished') return job;
    if (job.status === 'failed') throw new Error(JSON.stringify(job));
    await sleep(50);
  }
}
