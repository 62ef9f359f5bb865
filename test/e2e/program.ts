/** The program as a user starts it, in an empty folder; killed at the end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface Program {
  url: string;
  folder: string;
  /** Ends it hard, and starts it again at the same place and port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startProgram(): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'mill-program-'));
  let child: ChildProcess;

  async function start(port: string): Promise<string> {
    child = spawn(
      process.execPath,
      [join(ROOT, 'bin/mediamill.mjs'), 'serve', '--port', port, '--log-format', 'json'],
      { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    return new Promise((resolve, reject) => {
      let log = '';
      child.stdout?.on('data', (chunk) => {
        log += chunk;
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0];
        if (found) resolve(found);
      });
      child.once('exit', () => reject(new Error(`the program ended: ${log}`)));
    });
  }

  async function stop(): Promise<void> {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  const url = await start('0');
  return {
    url,
    folder,
    async restart() {
      await stop();
      await start(new URL(url).port);
    },
    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
