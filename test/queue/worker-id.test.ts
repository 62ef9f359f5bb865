import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { placeName } from '../../src/queue/this-host.ts';
import { parseWorkerId, workerId, workerLiveness } from '../../src/queue/worker-id.ts';
import { eventually } from '../contracts/queue/kit.ts';

const linux = process.platform === 'linux';

/** The id a worker in another process would have. */
function idOf(pid: number, birth?: string): string {
  const [host, , place, ours, random] = workerId().split(':');
  return [host, pid, place, birth ?? ours, random].join(':');
}

test('names this process, another one each time', () => {
  const id = workerId();
  expect(parseWorkerId(id)).toMatchObject({ pid: process.pid, place: placeName() });
  expect(workerId()).not.toBe(id);
  expect(workerLiveness(id)).toBe(linux ? 'alive' : 'unknown');
});

test('other names are not judged', () => {
  for (const id of ['', 'worker-1', 'a:b:c', `${workerId()}:x`, workerId().replace(/:\d+:/, ':-1:')]) {
    expect(parseWorkerId(id)).toBeNull();
    expect(workerLiveness(id)).toBe('unknown');
  }
});

test('a process that has gone', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  const id = idOf(child.pid as number);
  await once(child, 'exit');
  expect(workerLiveness(id)).toBe('gone');
});

test('the same number in another place says nothing', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  const id = idOf(child.pid as number);
  await once(child, 'exit');
  const place = placeName() as string;
  expect(
    workerLiveness(
      id.replace(
        place,
        place.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
      ),
    ),
  ).toBe('unknown');
  expect(workerLiveness(id.replace(place, '-'))).toBe('unknown');
});

test.runIf(linux)('a later process with the same number is not the worker', () => {
  expect(workerLiveness(idOf(process.pid, '1'))).toBe('gone');
  expect(workerLiveness(idOf(process.pid, '-'))).toBe('unknown');
});

test.runIf(linux)('a process of another user that we may not signal is not called gone', () => {
  // Process 1 lives as long as its namespace; its start time is not ours to guess here.
  expect(workerLiveness(idOf(1, '-'))).toBe('unknown');
});

test.runIf(linux)('stopped is alive, killed but not yet waited for is gone', async () => {
  const script = `
    const { spawn } = require('node:child_process');
    const child = spawn('sleep', ['60']);
    console.log(child.pid);
    process.kill(process.pid, 'SIGSTOP');`;
  const parent = spawn(process.execPath, ['-e', script]);
  const [output] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(output.toString());
  const { readFileSync } = await import('node:fs');
  const field = (n: number) =>
    readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[n] ?? '';
  const id = idOf(pid, Number(field(19)).toString(36));
  expect(workerLiveness(id)).toBe('alive');
  process.kill(pid, 'SIGSTOP');
  await eventually(() => field(0) === 'T', 2000, 'it to stop');
  expect(workerLiveness(id)).toBe('alive');
  await eventually(
    () => readFileSync(`/proc/${parent.pid}/stat`, 'latin1').includes(') T '),
    2000,
    'its parent to stop',
  );
  process.kill(pid, 'SIGKILL');
  await eventually(() => field(0) === 'Z', 2000, 'it to be a zombie');
  expect(workerLiveness(id)).toBe('gone');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
});
