/**
 * Every job × everything that can be wrong with a request gives its documented error, leaves nothing behind, and
 * leaves the child process alive: all of it goes through one child, which is the same at the end.
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { paramsOf } from '../../src/cli/param-flags.ts';
import { type MillError, toMillError } from '../../src/core/errors.ts';
import { createRegistry, type Params } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import { type ChildHost, createChildHost } from '../../src/runner/child-host.ts';
import { runOnce } from '../../src/runner/run-once.ts';
import { openWorkplace } from '../runner/fixtures/workplace.ts';
import { INPUT_KINDS, type InputKind, type Inputs, makeInputs } from './bad-input/inputs.ts';
import { ABSURD_VALUES, type AbsurdValue, CONTRADICTIONS, EXCEPTIONS } from './bad-input/params.ts';
import { type Answer, type JobRow, SECOND_INPUTS, TABLE } from './bad-input/table.ts';

/** No order here may take longer; the slowest takes a second. */
const LIMITS = { timeoutMs: 20_000, memoryLimitBytes: 2 * 1024 ** 3 };

const registry = createRegistry(jobs);
const root = mkdtempSync(join(tmpdir(), 'mill-bad-'));
let host: ChildHost;
let inputs: Inputs;
let firstPid: number | null;
let orders = 0;

beforeAll(async () => {
  inputs = await makeInputs(root);
  host = createChildHost({ jobsPerChild: Number.POSITIVE_INFINITY });
  host.warm();
  firstPid = host.pid;
});

afterEach(() => {
  expect(host.pid, 'the child is gone').toBe(firstPid);
});

afterAll(async () => {
  await host.close();
  rmSync(root, { recursive: true });
});

interface Asked {
  task: string;
  input: string | null;
  params: Params;
  /** Instead of the output in the table. */
  output?: string;
}

/** What came of it. */
interface Result {
  warnings: string[];
  data: Record<string, unknown>;
  failure: MillError | null;
  /** What is there afterwards. */
  files: string[];
}

const row = (task: string): JobRow => {
  const found = TABLE[task];
  if (!found) throw new Error(`${task} is not in the table`);
  return found;
};

/** As `mediamill run` would do it: checked and published by this process, done by the child. */
async function whole({ task, input, params }: Asked): Promise<Result> {
  const folder = mkdtempSync(join(root, 'whole-'));
  const { output } = row(task);
  const target = output === null ? null : join(folder, output);
  const run = runOnce({ registry, host, task, input, output: target, params, threads: 2, ...LIMITS });
  return await settle(run, folder);
}

/** As the child answers when nobody has checked anything before. */
async function inChild({ task, input, params, output }: Asked): Promise<Result> {
  const work = mkdtempSync(join(root, 'child-'));
  orders += 1;
  const target = output ?? row(task).output ?? 'none';
  const order = {
    id: `order-${orders}`,
    task,
    params,
    input,
    target,
    work,
    threads: 2,
    network: { allow: [] },
  };
  return await settle(
    host.run(order, LIMITS).then(({ report }) => report),
    work,
  );
}

async function settle(run: Promise<Pick<Result, 'warnings' | 'data'>>, folder: string): Promise<Result> {
  const result = await run.then(
    ({ warnings, data }) => ({ warnings, data, failure: null }),
    (error: unknown) => ({ warnings: [], data: {}, failure: toMillError(error) }),
  );
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return { ...result, files };
}

function expectAnswer(result: Result, answer: Answer, task: string): void {
  const { failure, warnings, files, data } = result;
  if (answer !== 'done' && answer !== 'partial' && answer !== 'refuted') {
    expect(failure?.code ?? 'done', failure?.message).toBe(answer);
    expectReadable(failure as MillError);
    return;
  }
  expect(failure, failure?.message).toBeNull();
  if (row(task).output !== null) expect(files.length, 'outputs').toBeGreaterThan(0);
  if (answer === 'partial') expect(warnings, 'a warning says what is missing').not.toEqual([]);
  if ('valid' in data || 'compliant' in data)
    expect(data.valid ?? data.compliant, 'the verdict').toBe(answer !== 'refuted');
}

/** Something a person can use, and nothing about this host or this program. */
function expectReadable({ message, code }: MillError): void {
  expect(message).toMatch(/^\S.{8,}\S$/s);
  expect(message.length, message).toBeLessThan(1000);
  expect(message, 'no words of the runtime').not.toMatch(
    /\bundefined\b|\[object|NaN×|×NaN|node:|at file:|ENOENT|ENOTDIR/,
  );
  expect(code).not.toBe('internal');
}

/** `purge_original_file` deletes what it is given, and the cache of fixtures is shared. */
function ownCopy(task: string, input: string): string {
  if (task !== 'purge_original_file') return input;
  const copy = join(root, 'to-delete.mp4');
  copyFileSync(input, copy);
  return copy;
}

const paramsFor = (task: string) => row(task).params?.(inputs) ?? {};

test('the table has the jobs that there are', () => {
  expect(Object.keys(TABLE).sort()).toEqual(jobs.map(({ name }) => name).sort());
  for (const { name, input } of jobs) {
    const { inputs: kinds, output } = row(name);
    expect(kinds === null, `${name} takes an input`).toBe(input.kind === 'none');
    expect(output === null, `${name} makes an output`).toBe(registry.get(name).output.kind === 'none');
  }
});

describe.each(jobs.map((job) => [job.name, job] as const))('%s', (task, job) => {
  const { inputs: kinds, folder, none } = TABLE[task] ?? { inputs: null };
  // `mediamill run` has no queue and does not even start such a job.
  const ways = job.queueOnly ? [inChild] : [whole, inChild];

  if (kinds) {
    test.each(Object.entries(kinds) as [InputKind, Answer][])('input %s: %s', async (kind, answer) => {
      const input = ownCopy(task, inputs[kind]);
      const [way = inChild] = ways;
      const result = await way({ task, input, params: paramsFor(task) });
      expectAnswer(result, answer, task);
      if (result.failure) expect(result.files, `${INPUT_KINDS[kind]}: something is left`).toEqual([]);
    });

    test('an input that is not there', async () => {
      for (const way of ways) {
        const result = await way({ task, input: inputs.missing, params: paramsFor(task) });
        expectAnswer(result, 'input_not_found', task);
        expect(result.files).toEqual([]);
      }
    });

    test(`a folder as input: ${folder ?? 'invalid_request'}`, async () => {
      const result = await inChild({ task, input: inputs.folder, params: paramsFor(task) });
      expectAnswer(result, folder ?? 'invalid_request', task);
    });
  }

  test(`no input: ${none ?? 'input_required'}`, async () => {
    for (const way of ways) {
      const result = await way({ task, input: null, params: paramsFor(task) });
      expectAnswer(result, none ?? 'input_required', task);
    }
  });

  if (job.output.kind !== 'none') {
    test.runIf(process.platform === 'linux')('an output folder that takes nothing', async () => {
      for (const place of [inputs.text, inputs.missing, '/proc', '/proc/self/fd', '/dev/null', '/sys']) {
        const output = join(place, row(task).output ?? '');
        const input = kinds ? inputs.film : null;
        const params = paramsFor(task);
        const run = runOnce({ registry, host, task, input, output, params, threads: 1, ...LIMITS });
        const failure = await run.then(
          () => null,
          (error: MillError) => error,
        );
        expect(failure?.code ?? 'done', output).toBe('output_not_writable');
      }
    });
  }

  if (job.queueOnly) {
    test('without a queue', async () => {
      const result = await whole({ task, input: inputs.film, params: paramsFor(task) });
      expectAnswer(result, 'invalid_request', task);
      expect(result.failure?.message).toContain(`mediamill enqueue ${task}`);
    });
  }

  if (job.output.extensions.length > 0) {
    test('an output of another kind', async () => {
      for (const name of ['out', 'out.exe', '.mp4']) {
        const output = join(root, name);
        const input = kinds ? inputs.film : null;
        const run = runOnce({ registry, host, task, input, output, params: paramsFor(task), ...LIMITS });
        await expect(run).rejects.toMatchObject({ code: 'unsupported_output' });
      }
    });
  }

  test('an unknown parameter', async () => {
    const params = { ...paramsFor(task), no_such_parameter: 1 };
    const result = await inChild({ task, input: kinds ? inputs.film : null, params });
    expectAnswer(result, 'invalid_params', task);
    expect(result.failure?.message).toContain('"no_such_parameter"');
  });

  test('params that are no object', () => {
    for (const params of [[], 'text', 5, true]) {
      expect(() => registry.check(task, params)).toThrow(expect.objectContaining({ code: 'invalid_params' }));
    }
  });

  const params = paramsOf(job);
  if (params.length > 0) {
    test.each(params.map(({ name }) => name))('absurd values of %s', async (name) => {
      const answers: Record<string, string> = {};
      const expected: Record<string, string> = {};
      for (const value of Object.keys(ABSURD_VALUES) as AbsurdValue[]) {
        const wrong = { ...paramsFor(task), [name]: ABSURD_VALUES[value] };
        const result = await inChild({ task, input: kinds ? inputs.film : null, params: wrong });
        answers[value] = result.failure?.code ?? 'done';
        expected[value] = EXCEPTIONS[task]?.[name]?.[value] ?? 'invalid_params';
        if (!result.failure) continue;
        expectReadable(result.failure);
        // A check before the work names the parameter; what FFmpeg refuses names the encoder.
        if (answers[value] === 'invalid_params') expect(result.failure.message).toContain(name);
      }
      expect(answers).toEqual(expected);
    });
  }
});

test('the exceptions are about parameters that there are', () => {
  for (const [task, params] of Object.entries(EXCEPTIONS)) {
    const known = paramsOf(registry.get(task)).map(({ name }) => name);
    expect(known).toEqual(expect.arrayContaining(Object.keys(params)));
  }
});

describe('a second input', () => {
  for (const { job: task, what, params, answers } of SECOND_INPUTS) {
    test.each(Object.entries(answers))(`${task} ${what} %s: %s`, async (kind, answer) => {
      const asked = {
        task,
        input: TABLE[task]?.inputs && task !== 'merge_file_chunks' ? inputs.film : null,
        params: params(inputs[kind as keyof Inputs], inputs),
      };
      for (const way of [whole, inChild]) {
        const result = await way(asked);
        expectAnswer(result, answer, task);
        if (way === whole && result.failure) expect(result.files).toEqual([]);
      }
    });
  }
});

describe('params that contradict something', () => {
  test.each(CONTRADICTIONS)('%s: %s', async (task, _, params, answer, output) => {
    const own = params(inputs);
    // Presets of x264 mean nothing to other encoders.
    const needed = 'codec' in own ? {} : paramsFor(task);
    const input = row(task).inputs ? inputs.film : null;
    const result = await inChild({ task, input, params: { ...needed, ...own }, output });
    expectAnswer(result, answer, task);
  });
});

describe('an output that cannot be published, with a worker', () => {
  test('something is in the way: nothing is replaced, nothing is left', async () => {
    const { inputRoot, outputRoot, enqueue, settled, start } = await openWorkplace();
    copyFileSync(inputs.film, join(inputRoot, 'film.mp4'));
    writeFileSync(join(outputRoot, 'taken'), 'a file');
    mkdirSync(join(outputRoot, 'folder.json'));
    start({ registry, registryModule: undefined });
    const ids = await Promise.all(
      [
        ['get_video_info', 'taken/out.json'],
        ['get_video_info', 'folder.json'],
        ['extract_frames', 'taken/frames'],
        ['extract_frames', 'taken'],
      ].map(async ([task, output]) => {
        const paths = { input_path: '/data/input/film.mp4', output_path: `/data/output/${output}` };
        return (await enqueue(task as string, paths)).id;
      }),
    );
    for (const id of ids) {
      const { status, error, output_path } = await settled(id);
      expect({ output_path, status, code: error?.code }).toEqual({
        output_path,
        status: 'failed',
        code: 'output_exists',
      });
      expect(error?.detail).not.toContain(outputRoot);
    }
    expect(readdirSync(outputRoot, { recursive: true, encoding: 'utf8' }).filter(visible).sort()).toEqual([
      'folder.json',
      'taken',
    ]);
    expect(readFileSync(join(outputRoot, 'taken'), 'utf8')).toBe('a file');
  });
});

/** The storage keeps its own folders in the output root, empty when nothing runs. */
const visible = (path: string) => !path.startsWith('.') || path.includes('/');
