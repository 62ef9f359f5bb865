import { describe, expect, it } from 'vitest';
import { growing, type Point } from '../../src/bench/growth/judgement.ts';

const LENGTHS = [10, 60, 600, 3600];
const MiB = 1024 ** 2;

/** Cost by length; memory of 100 MiB unless told. */
function points(
  cost: (length: number) => number,
  peak: (length: number) => number = () => 100 * MiB,
): Point[] {
  return LENGTHS.map((length_s) => ({
    length_s,
    wall_s: cost(length_s),
    cpu_s: cost(length_s),
    peak_bytes: peak(length_s),
  }));
}

describe('growth', () => {
  it('is not seen where the cost goes with the length', () => {
    expect(growing(points((length) => 0.02 * length))).toEqual([]);
  });

  it('is not seen where a start is paid once', () => {
    expect(growing(points((length) => 0.5 + 0.001 * length))).toEqual([]);
    expect(growing(points(() => 0.01))).toEqual([]);
  });

  it('is seen where a minute of a long input costs more than one of a short input', () => {
    expect(growing(points((length) => 0.01 * length * (1 + length / 3600)))).toEqual(['wall', 'cpu']);
    expect(growing(points((length) => length ** 2 / 100_000))).toEqual(['wall', 'cpu']);
  });

  it('is seen behind a start that costs more than all the rest', () => {
    const hidden = points((length) => 2 + 0.00001 * length + length ** 2 / 2_000_000);
    const [, minute, , hour] = hidden as [Point, Point, Point, Point];
    expect(hour.wall_s / 60).toBeLessThan(minute.wall_s);
    expect(growing(hidden)).toEqual(['wall', 'cpu']);
  });

  it('forgives what a machine does by itself', () => {
    expect(growing(points((length) => (length === 3600 ? 0.2 : 0.001)))).toEqual([]);
    expect(growing(points((length) => 0.02 * length * (length === 3600 ? 1.25 : 1)))).toEqual([]);
  });

  it('is seen of memory that is kept by the minute', () => {
    const kept = (perMinute: number) => (length: number) => (100 + (perMinute * length) / 60) * MiB;
    expect(growing(points(() => 1, kept(0.4)))).toEqual([]);
    expect(growing(points(() => 1, kept(0.6)))).toEqual(['memory']);
  });

  it('tells nothing of CPU and memory where they are not known', () => {
    const unknown = points((length) => length ** 2).map((point) => ({
      ...point,
      cpu_s: null,
      peak_bytes: null,
    }));
    expect(growing(unknown)).toEqual(['wall']);
  });

  it('cannot be told from a single length, or from short ones', () => {
    expect(growing(points((length) => length ** 2).slice(0, 2))).toBeNull();
    expect(growing([])).toBeNull();
  });

  it('is told from two lengths too', () => {
    const two = points((length) => 0.01 * length * (1 + length / 3600)).filter((_, index) => index % 2 === 1);
    expect(growing(two)).toEqual(['wall', 'cpu']);
  });
});
