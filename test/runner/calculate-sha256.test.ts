import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/core/plan.ts';
import { createRegistry } from '../../src/core/registry.ts';
import calculateSha256 from '../../src/jobs/binary/calculate_sha256.ts';
import { executeOrder } from '../../src/runner/execute-order.ts';
import { testFolder, testOrder } from './fixtures/hosts.ts';

const registry = createRegistry([calculateSha256]);

async function hash(input: string, signal = new AbortController().signal) {
  const order = await testOrder('calculate_sha256', { input, target: 'out.sha256' });
  const progress: Progress[] = [];
  const outcome = await executeOrder(order, {
    registry,
    loadEngine: async () => {
      throw new Error('Hashing needs no engine.');
    },
    signal,
    progress: (p) => progress.push(p),
    log: () => {},
  });
  return { outcome, progress, line: await readFile(join(order.work, 'out.sha256'), 'utf8') };
}

describe('calculate_sha256', () => {
  it.each([
    'plain.bin',
    'two  spaces.bin',
    'back\\slash.bin',
    'new\nline.bin',
    'carriage\rreturn.bin',
    '-dash.bin',
    'ümlaut 日本.bin',
  ])('writes for %j what sha256sum writes', async (name) => {
    const folder = await testFolder();
    await writeFile(join(folder, name), 'some content');
    const { line, outcome } = await hash(join(folder, name));
    expect(line).toBe(execFileSync('sha256sum', ['--', name], { cwd: folder, encoding: 'utf8' }));
    await writeFile(join(folder, 'sums'), line);
    expect(execFileSync('sha256sum', ['--check', '--status', 'sums'], { cwd: folder }).toString()).toBe('');
    expect(outcome.report.data).toMatchObject({ algorithm: 'sha256', size_bytes: 12 });
  });

  it('of nothing is the well-known one', async () => {
    const file = join(await testFolder(), 'empty');
    await writeFile(file, '');
    const { outcome } = await hash(file);
    expect(outcome.report.data.hash).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('reports bytes and percent', async () => {
    const file = join(await testFolder(), 'large');
    await writeFile(file, Buffer.alloc(3 * 1024 * 1024));
    const { progress } = await hash(file);
    expect(progress[0]).toMatchObject({ percent: 0, bytes_done: 0 });
    expect(progress.at(-1)).toMatchObject({ percent: 100, bytes_done: 3 * 1024 * 1024 });
  });

  it('stops when aborted', async () => {
    const file = join(await testFolder(), 'large');
    await writeFile(file, Buffer.alloc(64 * 1024 * 1024));
    const controller = new AbortController();
    const running = hash(file, controller.signal);
    setTimeout(() => controller.abort(), 5);
    await expect(running).rejects.toMatchObject({ code: 'canceled' });
  });

  it('takes no folder', async () => {
    await expect(hash(await testFolder())).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
