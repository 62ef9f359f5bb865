import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bytes, inputPath } from '../../src/core/fields.ts';
import { defineJob } from '../../src/core/job.ts';
import {
  createRegistry,
  defaultExtension,
  describeTasks,
  extensionOf,
  inputReferences,
  mapInputs,
  outputTarget,
} from '../../src/core/registry.ts';

const mix = defineJob({
  name: 'mix_things',
  title: 'Mix',
  description: 'Mixes.',
  group: 'audio',
  params: z.object({
    files: z.array(z.union([inputPath(), z.object({ path: inputPath(), gain_db: z.number().default(0) })])),
    cover: inputPath().optional(),
    label: z.string().default('x'),
    limit: bytes({ min: 1, max: 10 }).prefault('5'),
  }),
  input: { kind: 'media', needs: 'audio' },
  output: { kind: 'file', extensions: ['.mp3', '.wav'], prefer: 'input' },
  example: { params: { files: ['a.wav'] } },
  run: async () => ({ message: '', data: {} }),
});
const bare = defineJob({
  name: 'bare',
  title: 'Bare',
  description: 'Takes nothing.',
  group: 'binary',
  params: z.object({}),
  input: { kind: 'file' },
  output: { kind: 'directory', extensions: [] },
  example: { params: {} },
  run: async () => ({ message: '', data: {} }),
});
const registry = createRegistry([mix, bare]);

describe('params', () => {
  test('check keeps what was written, parse fills in and converts', () => {
    const params = { files: ['a'], limit: '7' };
    expect(registry.check('mix_things', params)).toEqual(params);
    expect(registry.parse('mix_things', params)).toEqual({ files: ['a'], label: 'x', limit: 7 });
    expect(registry.check('bare', undefined)).toEqual({});
  });

  test.each([
    [
      'mix_things',
      { files: [], lable: 'y' },
      '"lable" is not a parameter of mix_things. Did you mean "label"?',
    ],
    ['mix_things', { files: [], zzzzzz: 1 }, 'Known are: files, cover, label, limit.'],
    ['bare', { a: 1 }, 'This task takes none.'],
    ['mix_things', {}, '"files": is required.'],
    ['mix_things', { files: [], limit: '99' }, '"limit": must be from 1 to 10 bytes.'],
    ['mix_things', [], '"params"'],
  ])('%s refuses %j', (task, params, message) => {
    expect(() => registry.check(task, params)).toThrow(message);
    expect(() => registry.check(task, params)).toThrow(expect.objectContaining({ code: 'invalid_params' }));
  });

  test('every mistake is told, field by field', () => {
    expect(() => registry.check('mix_things', { lable: 1, limit: 'x' })).toThrow(
      expect.objectContaining({
        facts: expect.objectContaining({
          problems: expect.arrayContaining([
            expect.objectContaining({ field: 'lable', nearest: 'label' }),
            expect.objectContaining({ field: 'files' }),
            expect.objectContaining({ field: 'limit' }),
          ]),
        }),
      }),
    );
  });
});

test('an unknown task is answered with the nearest', () => {
  expect(() => registry.get('mix_thing')).toThrow('There is no task "mix_thing". Did you mean "mix_things"?');
  expect(() => registry.get('constructor')).toThrow(expect.objectContaining({ code: 'unknown_task' }));
});

describe('further input files', () => {
  const params = { files: ['a', { path: 'b', gain_db: 1 }], cover: 'c', label: 'd' };

  test('are found wherever the schema says so', () => {
    expect(inputReferences(mix, params)).toEqual(['a', 'b', 'c']);
  });

  test('are replaced, and nothing else is', () => {
    const before = structuredClone(params);
    expect(mapInputs(mix, params, (reference) => `/in/${reference}`)).toEqual({
      files: ['/in/a', { path: '/in/b', gain_db: 1 }],
      cover: '/in/c',
      label: 'd',
    });
    expect(params).toEqual(before);
  });
});

describe('outputs', () => {
  test.each([
    ['out/a.MP3', { name: 'a.MP3', extension: '.mp3' }],
    ['/data/output/b.wav', { name: 'b.wav', extension: '.wav' }],
  ])('%s can be written', (path, target) => {
    expect(outputTarget(mix, path)).toEqual(target);
  });

  test.each(['a.mp4', 'a', '.mp3'])('%s cannot', (path) => {
    expect(() => outputTarget(mix, path)).toThrow(expect.objectContaining({ code: 'unsupported_output' }));
  });

  test('a folder has no extension', () => {
    expect(outputTarget(bare, 'out/frames.d/')).toEqual({ name: 'frames.d', extension: '' });
  });

  test('an output nobody named takes the extension of the input where it can', () => {
    expect(defaultExtension(mix, 'x/song.WAV')).toBe('.wav');
    expect(defaultExtension(mix, 'song.ogg')).toBe('.mp3');
    expect(defaultExtension(mix, null)).toBe('.mp3');
  });

  test.each([
    ['a.tar.gz', '.gz'],
    ['.hidden', ''],
    ['dir.d/file', ''],
    ['A.MP4', '.mp4'],
  ])('extension of %s is %j', (path, extension) => {
    expect(extensionOf(path)).toBe(extension);
  });
});

test('tasks are described in their groups, all of them there', () => {
  const groups = describeTasks(registry);
  expect(Object.keys(groups)).toEqual(['acquisition', 'video', 'audio', 'binary']);
  expect(groups.video).toEqual([]);
  expect(groups.audio[0]).toMatchObject({
    name: 'mix_things',
    params: {
      type: 'object',
      additionalProperties: false,
      required: ['files'],
      properties: { limit: { unit: 'bytes', default: '5' }, cover: { format: 'input-path' } },
    },
  });
});
