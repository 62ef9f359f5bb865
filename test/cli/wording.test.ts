import { describe, expect, test } from 'vitest';
import { describeJob, type JobView } from '../../src/cli/job-view.ts';
import { progressLine, progressWords } from '../../src/cli/progress-line.ts';
import { age, clock, duration, size } from '../../src/cli/wording.ts';

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [10_485_760, '10.5 MB'],
  [999_950, '1.0 MB'],
  [123e9, '123 GB'],
  [5e15, '5000 TB'],
])('%d bytes are %s', (bytes, words) => {
  expect(size(bytes)).toBe(words);
});

test.each([
  [0.04, '0.0 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.6, '1:00'],
  [63.2, '1:03'],
  [3725, '1:02:05'],
])('%d seconds are %s', (seconds, words) => {
  expect(duration(seconds)).toBe(words);
});

test('clocks always have minutes', () => {
  expect([clock(0), clock(9.4), clock(600), clock(3600)]).toEqual(['0:00', '0:09', '10:00', '1:00:00']);
});

test.each([
  [0, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [7_200_000, '2 h'],
  [200_000_000, '2 d'],
  [-5000, '0 s'],
])('%d ms ago is %s', (ms, words) => {
  expect(age(new Date(1e12 - ms).toISOString(), 1e12)).toBe(words);
});

describe('progress', () => {
  test('says percent, fps, speed and ETA', () => {
    const words = progressWords({
      percent: 42,
      stage: 'pass 1 of 2',
      fps: 118.4,
      speed: 4.72,
      eta_seconds: 31,
    });
    expect(words).toEqual(['42.0 %', 'pass 1 of 2', '118 fps', '4.7×', 'ETA 0:31']);
    expect(progressWords({ percent: null, bytes_done: 2_000_000 })).toEqual(['2.0 MB']);
  });

  /** A stand-in for stderr that remembers what was written. */
  function fakeStream(isTTY: boolean): { stream: NodeJS.WriteStream; written: string[] } {
    const written: string[] = [];
    const stream = { isTTY, columns: 20, write: (text: string) => written.push(text) };
    return { stream: stream as unknown as NodeJS.WriteStream, written };
  }

  test('is one line that fits the terminal and is taken away', () => {
    const { stream, written } = fakeStream(true);
    const line = progressLine('a_task_with_a_long_name', stream);
    line.update({ percent: 1 });
    line.update({ percent: 2 });
    line.clear();
    line.clear();
    expect(written).toEqual(['\r\x1b[2Ka_task_with_a_long_', '\r\x1b[2K']);
  });

  test('is silent in a pipe', () => {
    const { stream, written } = fakeStream(false);
    const line = progressLine('task', stream);
    line.update({ percent: 1 });
    line.clear();
    expect(written).toEqual([]);
  });
});

test('a job is told with what there is', () => {
  const job: JobView = {
    id: 'j',
    status: 'failed',
    task: 't',
    input_path: '/data/input/a',
    output_path: null,
    params: {},
    created_at: '2026-01-01T00:00:00.000Z',
    started_at: '2026-01-01T00:00:01.000Z',
    ended_at: '2026-01-01T00:00:03.500Z',
    attempts: 3,
    max_attempts: 3,
    progress: { percent: 40 },
    result: null,
    error: { code: 'crashed', title: 'T', detail: 'It crashed.', next: 'Look.', retryable: true },
  };
  expect(Object.fromEntries(describeJob(job, 0))).toEqual({
    id: 'j',
    status: 'failed',
    task: 't',
    input: '/data/input/a',
    created: job.created_at,
    started: job.started_at,
    ended: job.ended_at,
    took: '2.5 s',
    attempts: '3 of 3',
    error: 'It crashed. (crashed)',
    next: 'Look.',
  });
});
