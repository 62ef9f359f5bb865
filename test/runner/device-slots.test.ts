import { expect, it } from 'vitest';
import { DeviceSlots } from '../../src/runner/device-slots.ts';

const never = new AbortController().signal;
const settled = async (promise: Promise<unknown>) => {
  let over = false;
  promise.then(
    () => (over = true),
    () => (over = true),
  );
  await new Promise(setImmediate);
  return over;
};

it('as many as there are, for each kind', () => {
  const slots = new DeviceSlots(2);
  const taken = [slots.tryTake('nvenc'), slots.tryTake('nvenc')];
  expect(slots.tryTake('nvenc')).toBeNull();
  expect(slots.tryTake('qsv')).not.toBeNull();
  expect([slots.free('nvenc'), slots.free('qsv'), slots.free('vaapi')]).toEqual([0, 1, 2]);
  taken[0]?.[Symbol.dispose]();
  expect(slots.free('nvenc')).toBe(1);
});

it('given back twice counts once', () => {
  const slots = new DeviceSlots(1);
  const slot = slots.tryTake('nvenc');
  slot?.[Symbol.dispose]();
  expect(slots.tryTake('nvenc')).not.toBeNull();
  slot?.[Symbol.dispose]();
  expect(slots.free('nvenc')).toBe(0);
});

it('who waits is served in turn, and nobody comes in between', async () => {
  const slots = new DeviceSlots(1);
  const first = await slots.take('nvenc', never);
  const second = slots.take('nvenc', never);
  const third = slots.take('nvenc', never);
  expect(await settled(second)).toBe(false);
  first[Symbol.dispose]();
  expect(slots.tryTake('nvenc')).toBeNull();
  const held = await second;
  expect(await settled(third)).toBe(false);
  held[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  expect(slots.free('nvenc')).toBe(1);
});

it('who is canceled leaves the line, and nothing is lost', async () => {
  const slots = new DeviceSlots(1);
  const first = await slots.take('nvenc', never);
  const stop = new AbortController();
  const second = slots.take('nvenc', stop.signal);
  const third = slots.take('nvenc', never);
  stop.abort('canceled');
  await expect(second).rejects.toBe('canceled');
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  expect(slots.free('nvenc')).toBe(1);
  await expect(slots.take('nvenc', stop.signal)).rejects.toBe('canceled');
  expect(slots.free('nvenc')).toBe(1);
});

it('a cancel that comes after the place has been given changes nothing', async () => {
  const slots = new DeviceSlots(1);
  const first = await slots.take('nvenc', never);
  const stop = new AbortController();
  const second = slots.take('nvenc', stop.signal);
  first[Symbol.dispose]();
  stop.abort();
  (await second)[Symbol.dispose]();
  expect(slots.free('nvenc')).toBe(1);
});
