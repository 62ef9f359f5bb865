import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { addParamFlags, givenParams, helpText, paramsOf } from '../../src/cli/param-flags.ts';
import { createProgram } from '../../src/cli/program.ts';
import { exampleCall, registry } from '../../src/cli/task-commands.ts';
import { bytes, codecOptions, inputPath, mediaTime, whole } from '../../src/core/fields.ts';
import { defineJob } from '../../src/core/job.ts';

const job = defineJob({
  name: 'all_kinds',
  title: 'All kinds',
  description: 'Has a parameter of every kind.',
  group: 'binary',
  params: z.object({
    count: whole({ min: 1, max: 9 }, { unit: 'frames' }).default(3),
    ratio: z.number().optional(),
    size: bytes({ min: 1, max: 1e9 }).prefault('10MB'),
    at: mediaTime().optional(),
    times: z.array(mediaTime()).optional(),
    files: z.array(z.union([inputPath(), z.object({ path: inputPath(), gain_db: z.number() })])).optional(),
    numbers: z.array(z.number()).optional(),
    options: codecOptions().optional(),
    kind: z.enum(['jpg', 'png']).default('jpg'),
    off_by_default: z.boolean().default(false),
    on_by_default: z.boolean().default(true),
    label: z.string().describe('Any text.'),
  }),
  input: { kind: 'file' },
  output: { kind: 'none', extensions: [] },
  example: {
    input_path: '/data/input/a b.txt',
    params: { label: "it's", off_by_default: true, on_by_default: false },
  },
  run: async () => ({ message: '', data: {} }),
});

function parse(...args: string[]): Record<string, unknown> {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addParamFlags(command, job);
  command.parse(args, { from: 'user' });
  return givenParams(command, job);
}

describe('flags become what the schema wants', () => {
  test.each<[string[], Record<string, unknown>]>([
    [[], {}],
    [['--count', '5'], { count: 5 }],
    [['--count', 'many'], { count: 'many' }],
    [['--count', ''], { count: '' }],
    [['--ratio', '-0.5'], { ratio: -0.5 }],
    [['--size', '10MB'], { size: '10MB' }],
    [['--at', '1:02.5'], { at: '1:02.5' }],
    [['--times', '1,50%'], { times: ['1', '50%'] }],
    [['--numbers', '1,2', '--numbers', '3'], { numbers: [1, 2, 3] }],
    [['--numbers', '[1, 2]'], { numbers: [1, 2] }],
    [
      ['--files', 'a', '--files', '[{"path": "b", "gain_db": -3}]'],
      { files: ['a', { path: 'b', gain_db: -3 }] },
    ],
    [['--options', '{"crf": 22}'], { options: { crf: 22 } }],
    [['--options', '{broken'], { options: '{broken' }],
    [['--kind', 'png'], { kind: 'png' }],
    [['--off-by-default'], { off_by_default: true }],
    [['--no-on-by-default'], { on_by_default: false }],
    [['--no-off-by-default'], { off_by_default: false }],
    [['--label', '5'], { label: '5' }],
  ])('%j', (args, expected) => {
    expect(parse(...args)).toEqual(expected);
  });

  test('what was given is what the job accepts', () => {
    const params = parse('--label', 'x', '--count', '5', '--times', '1,50%', '--options', '{"crf":22}');
    expect(job.params.strict().parse(params)).toMatchObject({
      count: 5,
      size: 10_000_000,
      times: [{ seconds: 1 }, { share: 0.5 }],
    });
  });
});

test('help says unit, range, default, and whether it must be given', () => {
  const texts = Object.fromEntries(paramsOf(job).map((param) => [param.name, helpText(param)]));
  expect(texts.count).toBe('(1 to 9 frames; default 3)');
  expect(texts.size).toContain('default 10MB');
  expect(texts.label).toBe('Any text. (required)');
  expect(texts.on_by_default).toBe('(default true)');
});

test('an example can be pasted into a shell', () => {
  expect(exampleCall(job, 'run')).toBe(
    "mediamill run all_kinds 'a b.txt' --label 'it'\\''s' --off-by-default --no-on-by-default",
  );
});

describe('every real task', () => {
  const { jobs } = registry();

  test('there are the ones of this version', () => {
    expect(jobs.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'probe_media_file',
        'get_video_info',
        'get_audio_info',
        'transcode_h264_to_h265',
        'resize_to_720p',
        'extract_thumbnails',
        'generate_waveform_json',
        'calculate_sha256',
      ]),
    );
  });

  test('has parameters whose flags mean nothing else', async () => {
    const program = await createProgram();
    for (const verb of ['run', 'enqueue']) {
      const command = program.commands.find((each) => each.name() === verb);
      const taken = new Set([...(command?.options ?? []), ...program.options].map(({ long }) => long));
      taken.add('--help');
      expect(taken.size).toBeGreaterThan(2);
      const clashes = jobs.flatMap((each) =>
        paramsOf(each).filter(({ name }) => taken.has(`--${name.replaceAll('_', '-')}`)),
      );
      expect(clashes).toEqual([]);
    }
  });

  test.each(jobs.map((each) => [each.name, each] as const))(
    '%s can be called as its example says',
    (_, each) => {
      const { input_path, output_path, params } = each.example;
      expect(() => registry().check(each.name, params)).not.toThrow();
      if (!each.input.optional) expect(Boolean(input_path)).toBe(each.input.kind !== 'none');
      expect(Boolean(output_path)).toBe(each.output.kind !== 'none');
    },
  );

  test.each(jobs.map((each) => [each.name, each] as const))('%s describes each parameter', (_, each) => {
    for (const { name, schema } of paramsOf(each)) {
      expect(schema.description ?? schema.title, name).toBeTruthy();
    }
  });
});
