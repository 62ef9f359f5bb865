import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../../src/core/registry.ts';
import { type RunOnceOptions, runOnce } from '../../src/runner/run-once.ts';
import { FIXTURE_JOBS, failureOf, testFolder } from './fixtures/hosts.ts';
import { jobs } from './fixtures/jobs.ts';
import { childrenOf } from './fixtures/processes.ts';

const registry = createRegistry(jobs);

async function setUp() {
  const folder = await testFolder();
  const input = join(folder, 'input.txt');
  const output = join(folder, 'output.txt');
  await writeFile(input, 'input');
  const run = (task: string, options: Partial<RunOnceOptions> = {}) =>
    runOnce({ registry, registryModule: FIXTURE_JOBS, task, input, output, ...options });
  return { folder, input, output, run };
}

describe('runOnce', () => {
  it('writes the output in place and answers as a worker would', async () => {
    const { folder, input, output, run } = await setUp();
    await writeFile(output, 'what was there');
    const result = await run('write', { params: { text: 'hello, ', more: input } });
    expect(await readFile(output, 'utf8')).toBe('hello, input');
    expect(result).toMatchObject({
      success: true,
      message: 'Wrote 7 characters.',
      output_path: output,
      outputs: [{ name: 'output.txt', size_bytes: 12, media_type: 'text/plain' }],
      metrics: { input_size_bytes: 10, output_size_bytes: 12 },
      data: { length: 7 },
      warnings: [],
    });
    expect(result.metrics.peak_memory_bytes).toBeGreaterThan(0);
    expect((await readdir(folder)).sort()).toEqual(['input.txt', 'output.txt']);
    expect(childrenOf(process.pid)).toEqual([]);
  });

  it('without an output only the result is wanted', async () => {
    const { folder, run } = await setUp();
    const result = await run('write', { params: { text: 'hello' }, output: null });
    expect(result).toMatchObject({ output_path: null, outputs: [], data: { length: 5 } });
    expect(await readdir(folder)).toEqual(['input.txt']);
  });

  it.each(['throw', 'crash', 'hang'])(
    'half an output of a job that ends by %s is never seen',
    async (how) => {
      const { folder, output, run } = await setUp();
      await writeFile(output, 'what was there');
      await failureOf(run('half_output', { params: { how }, timeoutMs: 1000 }));
      expect(await readFile(output, 'utf8')).toBe('what was there');
      expect((await readdir(folder)).sort()).toEqual(['input.txt', 'output.txt']);
    },
  );

  it('an abort leaves nothing behind', async () => {
    const { folder, run } = await setUp();
    const controller = new AbortController();
    const running = run('write', {
      params: { text: 'x', wait_ms: 60_000 },
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    expect((await failureOf(running)).code).toBe('canceled');
    expect(await readdir(folder)).toEqual(['input.txt']);
    expect(childrenOf(process.pid)).toEqual([]);
  });

  it('writes a folder', async () => {
    const { folder, run } = await setUp();
    const output = join(folder, 'frames');
    await mkdir(output);
    await run('folder', { params: { names: ['a.txt'] }, output });
    expect(await readFile(join(output, 'a.txt'), 'utf8')).toBe('a.txt');
  });

  it('follows a link to an output that is there', async () => {
    const { folder, output, run } = await setUp();
    await writeFile(output, '');
    const link = join(folder, 'link.txt');
    await symlink(output, link);
    await run('write', { params: { text: 'through' }, output: link });
    expect(await readFile(output, 'utf8')).toBe('through');
  });
});

describe('runOnce refuses', () => {
  it.each([
    ['a wrong parameter', { params: { txet: 'x' } }, 'invalid_params'],
    ['a missing input', { params: { text: 'x' }, input: '/no/such/file' }, 'input_not_found'],
    ['no input', { params: { text: 'x' }, input: null }, 'input_required'],
    ['a missing second input', { params: { text: 'x', more: '/no/such/file' } }, 'input_not_found'],
    [
      'an output in no folder',
      { params: { text: 'x' }, output: '/no/such/folder/a.txt' },
      'output_not_writable',
    ],
    [
      'an output that is no file',
      { params: { text: 'x' }, output: '/dev/null.txt/..' },
      'unsupported_output',
    ],
  ])('%s', async (_, options, code) => {
    const { run } = await setUp();
    expect((await failureOf(run('write', options))).code).toBe(code);
  });

  it('to replace its input', async () => {
    const { input, run } = await setUp();
    expect((await failureOf(run('write', { params: { text: 'x' }, output: input }))).code).toBe(
      'output_exists',
    );
    expect(await readFile(input, 'utf8')).toBe('input');
  });

  it('to write into its input', async () => {
    const { folder, output, run } = await setUp();
    const error = await failureOf(run('write', { params: { text: 'x' }, input: folder, output }));
    expect(error.code).toBe('invalid_request');
  });

  it('to replace a folder that is in use, or a device', async () => {
    const { folder, run } = await setUp();
    const used = join(folder, 'used');
    await mkdir(used);
    await writeFile(join(used, 'precious'), '');
    expect((await failureOf(run('folder', { params: { names: ['a'] }, output: used }))).code).toBe(
      'output_exists',
    );
    const device = join(folder, 'device.txt');
    await symlink('/dev/null', device);
    expect((await failureOf(run('write', { params: { text: 'x' }, output: device }))).code).toBe(
      'output_exists',
    );
    expect(await readdir(used)).toEqual(['precious']);
  });
});
