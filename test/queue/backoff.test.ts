import { expect, test } from 'vitest';
import { backoffMs } from '../../src/queue/backoff.ts';
import { jobId } from '../../src/queue/job-id.ts';

test('waits double, with jitter, up to a limit', () => {
  const waits = [1, 2, 3, 4, 20].map((attempt) => backoffMs(attempt, {}, () => 1));
  expect(waits).toEqual([1000, 2000, 4000, 8000, 300_000]);
  expect(backoffMs(3, {}, () => 0)).toBe(2000);
  expect(backoffMs(3, { base_ms: 10, max_ms: 30 }, () => 1)).toBe(30);
  expect(backoffMs(10_000)).toBeLessThanOrEqual(300_000);
});

test('job ids are UUIDs of version 7 that sort by time', () => {
  const ids = [0, 1, 1_795_000_000_000, 1_795_000_000_001].map(jobId);
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  expect(ids.toSorted()).toEqual(ids);
  expect(Number.parseInt((ids[2] as string).replaceAll('-', '').slice(0, 12), 16)).toBe(1_795_000_000_000);
  expect(new Set(Array.from({ length: 1000 }, () => jobId(5))).size).toBe(1000);
});
