import { describe, expect, test } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import { checkRecipe, type RecipeProblem } from '../../src/core/recipe/lint.ts';
import { sharedPasses, stepJobs } from '../../src/core/recipe/steps.ts';
import { createRegistry } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';

const registry = createRegistry(jobs);

function problemsOf(steps: unknown, rest: object = {}): RecipeProblem[] {
  try {
    checkRecipe({ ...rest, steps }, registry);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(MillError);
    expect((error as MillError).code).toBe('invalid_recipe');
    return (error as MillError).facts?.problems as RecipeProblem[];
  }
}

const small = { id: 'small', task: 'resize_to_720p' };

describe('a recipe is refused', () => {
  test.each<[string, unknown, Partial<RecipeProblem>]>([
    ['without steps', [], { step: null, field: 'recipe' }],
    ['with an id of capitals', [{ ...small, id: 'Small' }], { step: 'Small', field: '0.id' }],
    ['with a step called source', [{ ...small, id: 'source' }], { step: 'source', field: 'id' }],
    ['with an unknown field', [{ ...small, parms: {} }], { step: 'small' }],
    ['with one id twice', [small, { ...small, output: 'b.mp4' }], { step: 'small', field: 'id' }],
    [
      'with a task that is not there',
      [{ id: 'a', task: 'resize_to_72p' }],
      {
        step: 'a',
        field: 'task',
        message: 'There is no task "resize_to_72p". Did you mean "resize_to_720p"?',
      },
    ],
    ['with a wrong parameter', [{ ...small, params: { height: -1 } }], { step: 'small', field: 'params' }],
    ['with an output it cannot write', [{ ...small, output: 'a.wav' }], { step: 'small', field: 'output' }],
    ['with a folder in the output', [{ ...small, output: '../a.mp4' }], { step: 'small', field: 'output' }],
    [
      'that deletes what it reads',
      [small, { id: 'tidy', task: 'purge_original_file' }],
      { step: 'tidy', field: 'task' },
    ],
    [
      'with two outputs of one name',
      [
        { ...small, output: 'Film.mp4' },
        { ...small, id: 'other', output: 'film.mp4' },
      ],
      { step: 'other', field: 'output' },
    ],
    [
      'with a step from nowhere',
      [small, { id: 'hash', task: 'calculate_sha256', from: 'smal' }],
      { step: 'hash', field: 'from', message: 'There is no step "smal". Did you mean "small"?' },
    ],
    [
      'with media work on a report',
      [
        { id: 'info', task: 'get_video_info' },
        { ...small, from: 'info' },
      ],
      { step: 'small', field: 'from' },
    ],
    [
      'with file work on a folder',
      [
        { id: 'stills', task: 'extract_frames' },
        { id: 'hash', task: 'calculate_sha256', from: 'stills' },
      ],
      { step: 'hash', field: 'from' },
    ],
  ])('%s', (_, steps, problem) => {
    expect(problemsOf(steps)).toEqual(expect.arrayContaining([expect.objectContaining(problem)]));
  });

  test('with steps that wait for each other, whose names are told', () => {
    const problems = problemsOf([
      { ...small, id: 'a', from: 'b', output: 'a.mp4' },
      { ...small, id: 'b', from: 'c', output: 'b.mp4' },
      { ...small, id: 'c', from: 'a', output: 'c.mp4' },
    ]);
    expect(problems.map(({ message }) => message)).toContain(
      'The steps wait for each other in a circle: a → b → c → a.',
    );
  });

  test('but not when nobody else reads what is deleted', () => {
    expect(problemsOf([small, { id: 'tidy', task: 'purge_original_file', from: 'small' }])).toEqual([]);
  });

  test('with every problem at once', () => {
    const problems = problemsOf([
      { id: 'a', task: 'nothing' },
      { ...small, params: { heigth: 1 } },
      { id: 'c', task: 'calculate_sha256', from: 'x' },
    ]);
    expect(problems.map(({ step }) => step)).toEqual(['a', 'small', 'c']);
  });
});

describe('the steps of a recipe', () => {
  const recipe = checkRecipe(
    {
      steps: [
        { id: 'check', task: 'calculate_sha256', from: 'film' },
        { id: 'film', task: 'resize_to_720p', output: 'web.mp4' },
        { id: 'stills', task: 'extract_thumbnails' },
        { id: 'wave', task: 'generate_waveform_json' },
        { id: 'second', task: 'extract_audio_from_video', from: 'film', params: { format: 'mp3' } },
      ],
    },
    registry,
  );
  const steps = stepJobs(recipe, registry, { input: '/in/a.mkv', folder: '/out/run' });

  test('read the source, or what another step made', () => {
    expect(steps.map(({ id, input, after }) => [id, input, after])).toEqual([
      ['check', '/out/run/web.mp4', 'film'],
      ['film', '/in/a.mkv', null],
      ['stills', '/in/a.mkv', null],
      ['wave', '/in/a.mkv', null],
      ['second', '/out/run/web.mp4', 'film'],
    ]);
  });

  test('write into one folder, under their ids unless they say otherwise', () => {
    expect(steps.map(({ output }) => output)).toEqual([
      '/out/run/check.sha256',
      '/out/run/web.mp4',
      '/out/run/stills',
      '/out/run/wave.json',
      '/out/run/second.mp3',
    ]);
  });

  test('that read one file with the engine share a pass', () => {
    expect(sharedPasses(steps, registry)).toEqual([['film', 'stills', 'wave']]);
  });
});
