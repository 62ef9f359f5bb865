/** A real server in a folder of its own, and the program as its client. Ended when the test is over. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFinished } from 'vitest';
import { emptyFolder, mediamill, type Outcome, start } from './mediamill.ts';

export interface Service {
  child: ChildProcess;
  cwd: string;
  url: string;
  /** The client side of the program, against this server. */
  cli(...args: string[]): Promise<Outcome>;
  stderr(): string;
}

/** Ends with the test, whatever becomes of it. */
export function kept(child: ChildProcess): ChildProcess {
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

/** Starts a server on a free port and waits until it answers. */
export async function serve(args: string[] = [], env: Record<string, string> = {}): Promise<Service> {
  const cwd = emptyFolder();
  const child = kept(start(['serve', '--port', '0', ...args], { cwd, env }));
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
