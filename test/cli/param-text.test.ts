import { expect, test } from 'vitest';
import { z } from 'zod';
import { describeParams, typeNotes } from '../../src/cli/param-text.ts';
import { registry } from '../../src/cli/task-commands.ts';
import { bitRate, bytes, codecOptions, inputPath, mediaTime, whole } from '../../src/core/fields.ts';
import { defineJob } from '../../src/core/job.ts';
import { mediamill } from './mediamill.ts';

const job = defineJob({
  name: 'all_kinds',
  title: 'All kinds',
  description: 'Has a parameter of every kind.',
  group: 'binary',
  params: z.object({
    count: whole({ min: 1, max: 9 }, { unit: 'frames', description: 'How many.' }).default(3),
    size: bytes({ min: 1, max: 16 * 1024 ** 4 }).prefault('10MB'),
    rate: bitRate({ min: 6000, max: 1e9 }).optional(),
    at: mediaTime({ excludes: ['count'] }).optional(),
    times: z.array(mediaTime()).min(1).max(5).optional(),
    files: z
      .array(z.union([inputPath(), z.object({ path: inputPath(), gain_db: z.number().default(0) })]))
      .min(2),
    seconds: z.number().positive().max(60).default(5),
    kind: z.enum(['jpg', 'png']).default('jpg'),
    depth: z.literal([8, 16]).optional(),
    track: z.union([z.int(), z.string()]).optional(),
    exact: z.boolean().default(false),
    options: codecOptions().default({}),
    label: z.string().meta({ title: 'Label', description: 'Any text.', examples: ['a'] }),
  }),
  input: { kind: 'file' },
  output: { kind: 'none', extensions: [] },
  example: { params: { files: ['a', 'b'], label: 'x' } },
  run: async () => ({ message: '', data: {} }),
});

test('every kind of parameter has words', () => {
  const params = describeParams(job);
  const words = params.map(({ name, type, default: given, allowed, unit }) =>
    [name, type, given ?? '', allowed, unit].join(' | '),
  );
  expect(words).toEqual([
    'count | whole number | 3 | 1 to 9 | frames',
    'size | size | 10MB | 1 to 16TiB | bytes',
    'rate | bit rate |  | 6k to 1G | bits/s',
    'at | time |  |  | ',
    'times | list of times |  | 1 to 5 of them | ',
    'files | list of files or objects |  | 2 or more of them | ',
    'files[].path | file |  |  | ',
    'files[].gain_db | number | 0 |  | ',
    'seconds | number | 5 | more than 0, up to 60 | ',
    'kind | choice | jpg | jpg, png | ',
    'depth | choice |  | 8, 16 | ',
    'track | whole number or text |  |  | ',
    'exact | true or false | false |  | ',
    'options | object |  |  | ',
    'label | text |  |  | ',
  ]);
  expect(params.filter(({ required }) => required).map(({ name }) => name)).toEqual([
    'files',
    'files[].path',
    'label',
  ]);
  expect(params.at(-1)).toMatchObject({ description: 'Label. Any text.', examples: ['a'] });
  expect(params.find(({ name }) => name === 'at')?.excludes).toEqual(['count']);
  expect(typeNotes(params)).toHaveLength(3);
  expect(typeNotes(params.slice(0, 2))).toEqual([expect.stringContaining('"10MiB"')]);
});

test('every parameter of every task has a type and a description', () => {
  const params = registry().jobs.flatMap((each) =>
    describeParams(each).map((param) => ({ task: each.name, ...param })),
  );
  expect(params.length).toBeGreaterThan(80);
  for (const { task, name, type, description } of params) {
    expect(type, `${task} ${name}`).not.toMatch(/\b(any|undefined|null)\b/);
    expect(description, `${task} ${name}`).toMatch(/^\S.{4,}[.]$/s);
  }
});

test('tasks NAME shows what may be given, in lines that fit', async () => {
  const { stdout } = await mediamill(['tasks', 'extract_frames']);
  expect(stdout).toMatch(/^count {10}whole number; 1 to 100000$/m);
  expect(stdout).toMatch(/Not together\s+with\s+timestamps\s+or\s+every_seconds\./);
  expect(stdout).toMatch(/^format +jpg, png, webp; default jpg$/m);
  expect(stdout).toContain('A time is a number of seconds');
  const described = stdout.split('\n').filter((line) => line.startsWith(' '));
  expect(described.length).toBeGreaterThan(5);
  expect(Math.max(...described.map((line) => line.length))).toBeLessThanOrEqual(100);
});

test('a task that needs the queue is shown as it can be called', async () => {
  expect((await mediamill(['tasks', 'report_metrics'])).stdout).toContain(
    '$ mediamill enqueue report_metrics',
  );
  const { code, stderr } = await mediamill([
    'run',
    'report_metrics',
    '--job-id',
    'x',
    '--metrics',
    '{"a":1}',
  ]);
  expect(code).not.toBe(0);
  expect(stderr).toContain('mediamill enqueue report_metrics');
});
