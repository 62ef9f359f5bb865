/** A real server in a folder of its own, and the program as its client. Ended with the test or with the block. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { type AtEnd, emptyFolder, mediamill, type Outcome, start } from './mediamill.ts';

/** A start takes a second, on a busy machine many. */
const START_MS = 120_000;

export interface Service {
  child: ChildProcess;
  cwd: string;
  url: string;
  /** The client side of the program, against this server. */
  cli(...args: string[]): Promise<Outcome>;
  stderr(): string;
}

/** Ends with the test, whatever becomes of it. */
export function kept(child: ChildProcess, atEnd: AtEnd = onTestFinished): ChildProcess {
  atEnd(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

/** Starts a server on a free port and waits until it answers. */
export async function serve(
  args: string[] = [],
  env: Record<string, string> = {},
  atEnd: AtEnd = onTestFinished,
): Promise<Service> {
  const cwd = emptyFolder(atEnd);
  const child = kept(start(['serve', '--port', '0', ...args], { cwd, env }), atEnd);
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const url = await listening(child);
  return {
    child,
    cwd,
    url,
    cli: (...rest) => mediamill(rest, { cwd, env: { MEDIAMILL_URL: url } }),
    stderr: () => stderr,
  };
}

/**
 * One server for all tests of a `describe`: a start costs as much as a test. `prepare` is run once it answers;
 * `env` is asked for then, when other preparations of the block are done.
 */
export function sharedServer(
  args: string[] = [],
  env: () => Record<string, string> = () => ({}),
  prepare: (service: Service) => Promise<void> = async () => {},
): () => Service {
  let service: Service;
  const ends: Parameters<AtEnd>[0][] = [];
  beforeAll(async () => {
    service = await serve(args, env(), (putAway) => ends.unshift(putAway));
    await prepare(service);
  }, START_MS);
  afterAll(async () => {
    for (const putAway of ends) await putAway();
  });
  return () => service;
}

async function listening(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const url = /listening at (http:\/\/[\d.:]+)/i.exec(JSON.parse(line).msg)?.[1];
    if (url) {
      child.stdout?.resume();
      return url;
    }
  }
  return expect.unreachable('the server ended without listening');
}
