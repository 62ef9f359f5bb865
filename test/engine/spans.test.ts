import { describe, expect, it } from 'vitest';
import { MAX_BLOCKS, SpanMeter } from '../../src/engine/taps/spans.ts';

/** The same every time, and so uneven that no two of its parts are alike. */
function noise(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** One sample after the other. */
function plainly(planes: readonly Float32Array[], from: number, until: number) {
  const samples = planes.flatMap((plane) => [...plane.subarray(from, until)]);
  return {
    min: Math.min(...samples),
    max: Math.max(...samples),
    rms: Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length),
  };
}

describe('SpanMeter', () => {
  it.each([
    { length: 10_007, count: 1, chunk: 1000, channels: 1 },
    { length: 10_007, count: 13, chunk: 333, channels: 2 },
    { length: 200_000, count: 100, chunk: 16_384, channels: 1 },
    { length: 50, count: 50, chunk: 7, channels: 3 },
  ])('measures $count spans of $length samples that come by $chunk', ({ length, count, chunk, channels }) => {
    const planes = Array.from({ length: channels }, (_, channel) => noise(length, channel + 1));
    const meter = new SpanMeter(channels);
    for (let at = 0; at < length; at += chunk)
      meter.add(planes.map((plane) => plane.subarray(at, at + chunk)));
    expect(meter.samples).toBe(length);
    const { min, max, rms } = meter.spans(count);
    for (let span = 0; span < count; span++) {
      const from = Math.floor((span * length) / count);
      const truth = plainly(planes, from, Math.floor(((span + 1) * length) / count));
      expect(min[span]).toBe(truth.min);
      expect(max[span]).toBe(truth.max);
      expect(rms[span]).toBeCloseTo(truth.rms, 5);
    }
  });

  it.each([0, 3 * MAX_BLOCKS])('finds one loud sample among millions when %i are expected', (expected) => {
    const length = 3 * MAX_BLOCKS + 5;
    const plane = new Float32Array(length);
    const loud = 2 * MAX_BLOCKS + 12_345;
    plane[loud] = 0.75;
    plane[loud + 1] = -0.5;
    const meter = new SpanMeter(1, expected);
    for (let at = 0; at < length; at += 4096) meter.add([plane.subarray(at, at + 4096)]);
    const { min, max } = meter.spans(1000);
    const where = Math.floor((loud * 1000) / length);
    expect([...max].flatMap((value, span) => (value > 0 ? [[span, value]] : []))).toEqual([[where, 0.75]]);
    expect([...min].flatMap((value, span) => (value < 0 ? [[span, value]] : []))).toEqual([[where, -0.5]]);
  });
});
