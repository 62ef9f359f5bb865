import { describe, expect, test } from 'vitest';
import { type Held, JUDGE_EVERY_MS, leaseObserver } from '../../src/queue/leases.ts';
import type { Liveness } from '../../src/queue/worker-id.ts';

function observe(liveness: (worker: string) => Liveness = () => 'unknown') {
  let now = 0;
  const observer = leaseObserver<Held & { key: number }>(
    (held) => held.key,
    () => now,
    liveness,
  );
  return {
    /** Lets time pass and judges; answers the reasons by key. */
    judgeAfter(ms: number, ...held: { key: number; beat: number; lease_ms?: number; worker?: string }[]) {
      now += ms;
      const lost = observer.judge(held.map((one) => ({ worker: 'w', lease_ms: 1000, ...one })));
      return Object.fromEntries(lost.map(({ held: { key }, reason }) => [key, reason]));
    },
  };
}

describe('lease observer', () => {
  test('counts from when it first saw the beat', () => {
    const { judgeAfter } = observe();
    judgeAfter(100_000, { key: 1, beat: 7 });
    for (let ms = 250; ms <= 1000; ms += 250) expect(judgeAfter(250, { key: 1, beat: 7 })).toEqual({});
    expect(judgeAfter(250, { key: 1, beat: 7 })).toEqual({ 1: 'lapsed' });
    expect(judgeAfter(250, { key: 1, beat: 7 })).toEqual({ 1: 'lapsed' });
  });

  test('starts again when the beat changes, each on its own', () => {
    const { judgeAfter } = observe();
    for (let beat = 0; beat < 20; beat += 1) {
      const lost = judgeAfter(
        400,
        { key: 1, beat: Math.floor(beat / 2) },
        { key: 2, beat: 0, lease_ms: 7400 },
      );
      expect(lost).toEqual(beat === 19 ? { 2: 'lapsed' } : {});
    }
  });

  test('forgets what is no longer held', () => {
    const { judgeAfter } = observe();
    judgeAfter(0, { key: 1, beat: 1 });
    for (let i = 0; i < 4; i += 1) judgeAfter(250, { key: 1, beat: 1 });
    judgeAfter(250);
    expect(judgeAfter(250, { key: 1, beat: 1 })).toEqual({});
  });

  test('does not count time during which it did not look itself', () => {
    const { judgeAfter } = observe();
    judgeAfter(0, { key: 1, beat: 1 });
    expect(judgeAfter(3_600_000, { key: 1, beat: 1 })).toEqual({});
    expect(judgeAfter(2 * JUDGE_EVERY_MS, { key: 1, beat: 1 })).toEqual({});
    expect(judgeAfter(2 * JUDGE_EVERY_MS, { key: 1, beat: 1 })).toEqual({ 1: 'lapsed' });
  });

  test('believes only a certain death', () => {
    const { judgeAfter } = observe((worker) => worker as Liveness);
    expect(
      judgeAfter(
        0,
        { key: 1, beat: 1, worker: 'gone' },
        { key: 2, beat: 1, worker: 'alive' },
        { key: 3, beat: 1, worker: 'unknown' },
      ),
    ).toEqual({ 1: 'gone' });
  });
});
