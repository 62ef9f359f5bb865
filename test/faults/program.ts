/** The real program beside a test: started as a user starts it, killed as nobody wants it killed. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { JobRecord } from '../../src/queue/port.ts';
import { start } from '../cli/mediamill.ts';
import { eventually } from '../contracts/queue/kit.ts';
import type { Stage } from './stage.ts';

/** A start takes a second on a machine with nothing else to do. */
const START_MS = 90_000;

interface LogLine {
  msg: string;
  [fact: string]: unknown;
}

export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Program {
  pid: number;
  /** What it has logged. */
  log: LogLine[];
  exited: Promise<Ending>;
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Ending>;
}

export interface Answer {
  status: number;
  body: Record<string, unknown>;
  ms: number;
}

export interface Server extends Program {
  url: string;
  /** Sends a job in. Rejects when the connection breaks. */
  enqueue(job: Record<string, unknown>): Promise<Answer>;
  get(path: string): Promise<Answer>;
  job(id: string): Promise<JobRecord>;
}

type Env = Record<string, string>;

export async function startServer(stage: Stage, args: string[] = [], env: Env = {}): Promise<Server> {
  const program = launch(stage, ['serve', '--port', '0', ...args], env);
  const line = await logged(program, /listening at/i);
  const url = /http:\/\/[\d.:]+/.exec(line.msg)?.[0] as string;
  const ask = async (path: string, init?: RequestInit): Promise<Answer> => {
    const start = performance.now();
    const response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(60_000) });
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, body, ms: performance.now() - start };
  };
  return {
    ...program,
    url,
    get: (path) => ask(path),
    enqueue: (job) =>
      ask('/api/enqueue', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(job),
      }),
    job: async (id) => (await ask(`/api/jobs/${id}`)).body as unknown as JobRecord,
  };
}

/** Resolves when it takes jobs. */
export async function startWorker(stage: Stage, env: Env = {}): Promise<Program> {
  const program = launch(stage, ['worker'], env);
  await logged(program, /taking jobs/);
  return program;
}

function launch(stage: Stage, args: string[], env: Env): Program {
  const child = start(args, { cwd: stage.root, env: { ...stage.env, ...env } });
  const exited = new Promise<Ending>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const signal = (name: NodeJS.Signals): void => {
    if (child.exitCode === null && child.signalCode === null) child.kill(name);
  };
  onTestFinished(async () => {
    signal('SIGKILL');
    await exited;
  });
  return {
    pid: child.pid as number,
    log: logOf(child),
    exited,
    signal,
    stop(name) {
      signal(name);
      return exited;
    },
  };
}

function logOf(child: ChildProcess): LogLine[] {
  const lines: LogLine[] = [];
  // What is no log line says why it could not start.
  const note = (text: string): void => {
    lines.push(text.startsWith('{') ? (JSON.parse(text) as LogLine) : { msg: text });
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', note);
  }
  return lines;
}

/** The first log line like this, past or future. */
export async function logged(program: Program, text: RegExp, withinMs = START_MS): Promise<LogLine> {
  let gone: Ending | null = null;
  void program.exited.then((ending) => {
    gone = ending;
  });
  return await eventually(
    () => {
      const line = program.log.find(({ msg }) => text.test(msg));
      if (!line && gone) throw new Error(`The program ended: ${JSON.stringify(program.log)}`);
      return line ?? null;
    },
    withinMs,
    `the log line ${text}`,
  );
}
