import { expect, test } from 'vitest';
import { encoderOptions } from '../../src/compose/inspect.ts';

test('the options of an encoder, its own first, without those that a job may not set', async () => {
  const options = (await encoderOptions('libx264')) ?? [];
  const names = options.map(({ name }) => name);
  expect(names[0]).toBe('preset');
  expect(names).toEqual(expect.arrayContaining(['tune', 'aq-mode', 'maxrate']));
  expect(new Set(names).size).toBe(names.length);
  for (const forbidden of ['passlogfile', 'stats']) expect(names).not.toContain(forbidden);
  expect(options.find(({ name }) => name === 'aq-mode')).toMatchObject({
    takes: expect.stringContaining('or one of none, variance'),
    values: expect.arrayContaining(['variance']),
  });
  expect(await encoderOptions('libnothing')).toBeNull();
});

test('of a sound encoder those for sound', async () => {
  const names = (await encoderOptions('aac'))?.map(({ name }) => name) ?? [];
  expect(names).toContain('aac_coder');
  expect(names).not.toContain('bf');
});
