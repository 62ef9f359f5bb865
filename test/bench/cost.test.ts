import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { costOf, runCommands } from '../../src/bench/cost.ts';

const MiB = 1024 ** 2;
const signal = new AbortController().signal;

/** Holds 200 MiB and keeps a core busy for a while. */
const WORK = `
const held = Buffer.alloc(200 * ${MiB}, 1);
const until = process.cpuUsage().user + 300_000;
while (process.cpuUsage().user < until) held[0] += 1;
`;

function node(script: string): ChildProcess {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

describe.runIf(process.platform === 'linux')('cost', { timeout: 120_000 }, () => {
  it('of commands adds time and CPU, and takes the most of the memory', async () => {
    const { cost } = await runCommands(
      [
        [process.execPath, '-e', WORK],
        [process.execPath, '-e', WORK],
      ],
      signal,
    );
    expect(cost.cpu_s).toBeGreaterThan(0.55);
    expect(cost.peak_bytes).toBeGreaterThan(200 * MiB);
    expect(cost.peak_bytes).toBeLessThan(390 * MiB);
  });

  it('of a command has what its children take', async () => {
    const parent = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(WORK)}])`;
    const { cost } = await runCommands([[process.execPath, '-e', parent]], signal);
    expect(cost.cpu_s).toBeGreaterThan(0.28);
    expect(cost.peak_bytes).toBeGreaterThan(200 * MiB);
  });

  it('of work in a process is known although the process ends with it', async () => {
    const child = node(`process.stdin.once('data', () => {
      ${WORK}
      console.log('done');
      process.exit();
    }); console.log('ready');`);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    const cost = await costOf(
      () => (child.exitCode === null ? (child.pid as number) : null),
      async () => {
        const ended = once(child, 'exit');
        child.stdin?.write('go\n');
        await ended;
      },
    );
    expect(cost.wall_s).toBeGreaterThan(0.28);
    expect(cost.cpu_s).toBeGreaterThan(0.15);
    expect(cost.peak_bytes).toBeGreaterThan(150 * MiB);
  });

  it('of work does not count what the process did before', async () => {
    const child = node(`${WORK} process.stdin.on('data', () => console.log('done')); console.log('ready');`);
    const answer = () => once(child.stdout as NodeJS.ReadableStream, 'data');
    await answer();
    const cost = await costOf(
      () => child.pid as number,
      async () => {
        const answered = answer();
        child.stdin?.write('go\n');
        await answered;
      },
    );
    expect(cost.cpu_s).toBeLessThan(0.28);
  });
});
