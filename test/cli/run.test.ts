import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { counterVideo } from '../fixtures/media/index.ts';
import { emptyFolder, mediamill, outcomeOf, start } from './mediamill.ts';

const CONTENT = 'to be hashed\n';
const HASH = createHash('sha256').update(CONTENT).digest('hex');

let cwd = '';
beforeEach(() => {
  cwd = emptyFolder();
  writeFileSync(join(cwd, 'a.txt'), CONTENT);
});

describe('the JSON form', () => {
  test('prints the result and nothing else', async () => {
    const request = { task: 'calculate_sha256', input_path: 'a.txt', output_path: 'a.sha256', params: {} };
    const { code, stdout, stderr } = await mediamill(['run', JSON.stringify(request)], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      success: true,
      message: expect.stringContaining(HASH),
      output_path: 'a.sha256',
      metrics: {
        duration_ms: expect.any(Number),
        input_size_bytes: CONTENT.length,
        output_size_bytes: expect.any(Number),
      },
      data: { hash: HASH },
    });
    expect(readFileSync(join(cwd, 'a.sha256'), 'utf8')).toBe(`${HASH}  a.txt\n`);
    expect(readdirSync(cwd).sort()).toEqual(['a.sha256', 'a.txt']);
  });

  test.each([
    ['an input that is not there', { task: 'calculate_sha256', input_path: 'b.txt' }, 'input_not_found', 1],
    ['a text file as a film', { task: 'get_video_info', input_path: 'a.txt' }, 'unsupported_media', 1],
    ['an unknown task', { task: 'calculate_sha265', input_path: 'a.txt' }, 'unknown_task', 2],
    [
      'an unknown parameter',
      { task: 'calculate_sha256', input_path: 'a.txt', params: { x: 1 } },
      'invalid_params',
      2,
    ],
    ['an unknown field', { task: 'calculate_sha256', inptu_path: 'a.txt' }, 'invalid_request', 2],
    ['no task', {}, 'invalid_request', 2],
    ['params that are none', { task: 'calculate_sha256', params: [] }, 'invalid_request', 2],
    ['no input', { task: 'calculate_sha256', input_path: '' }, 'input_required', 2],
  ])('%s is a failure on stdout', async (_, request, errorCode, exitCode) => {
    const { code, stdout, stderr } = await mediamill(['run', JSON.stringify(request)], { cwd });
    expect({ code, stderr }).toEqual({ code: exitCode, stderr: '' });
    const { success, message, error } = JSON.parse(stdout);
    expect(success).toBe(false);
    expect(message).toBe(error.detail);
    expect(error).toMatchObject({ code: errorCode, title: expect.any(String), next: expect.any(String) });
  });

  test('JSON that is broken is a failure on stdout', async () => {
    const { code, stdout } = await mediamill(['run', '{"task":'], { cwd });
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ success: false, error: { code: 'invalid_request' } });
  });
});

describe('the form with flags', () => {
  test('says in words what happened', async () => {
    const { code, stdout, stderr } = await mediamill(['run', 'calculate_sha256', 'a.txt', 'out.sha256'], {
      cwd,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(HASH);
    expect(stdout).toMatch(/^out\.sha256 {2}\d+ bytes {2}in [\d.]+ s$/m);
    expect(readFileSync(join(cwd, 'out.sha256'), 'utf8')).toContain(HASH);
  });

  test('prints the data when there is no output', async () => {
    const { code, stdout } = await mediamill(['run', 'calculate_sha256', 'a.txt'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain(`"hash": "${HASH}"`);
    expect(readdirSync(cwd)).toEqual(['a.txt']);
  });

  test('a failure is JSON with --json', async () => {
    const failed = await mediamill(['run', 'calculate_sha256', 'none', '--json'], { cwd });
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.stdout)).toMatchObject({ success: false, error: { code: 'input_not_found' } });
  });

  test('a failed job exits with 1, with its sentence and what to do', async () => {
    const { code, stdout, stderr } = await mediamill(['run', 'get_video_info', 'a.txt'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^mediamill: .*\(unsupported_media\)\n.+\n$/);
  });

  test('takes parameters as flags, with dashes or underscores', async () => {
    for (const flag of ['--chunk-size', '--chunk_size']) {
      const folder = `parts${flag}`;
      const { code, stderr } = await mediamill(['run', 'split_file_chunks', 'a.txt', folder, flag, '5'], {
        cwd,
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(readdirSync(join(cwd, folder)).sort()).toEqual([
        '00000.part',
        '00001.part',
        '00002.part',
        'manifest.json',
      ]);
    }
  });

  test('an input that a task can do without is left out with -', async () => {
    const args = ['run', 'merge_file_chunks', '-', 'twice.txt', '--chunk-files', 'a.txt,a.txt'];
    expect(await mediamill(args, { cwd })).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(cwd, 'twice.txt'), 'utf8')).toBe(CONTENT + CONTENT);
  });

  test('makes media, and tells of it in JSON with --json', async () => {
    const input = await counterVideo({ width: 320, height: 180, frames: 25, fps: 25 });
    const made = await mediamill(['run', 'resize_to_720p', input, 'o.mp4', '--height', '90'], { cwd });
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await mediamill(['run', '--json', 'get_video_info', 'o.mp4'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({
      success: true,
      data: { width: 160, height: 90, frame_count: 25 },
    });
  });
});

describe('a reader that has seen enough', () => {
  test('is no failure', async () => {
    const child = start(['openapi'], { cwd });
    await once(child.stdout as NodeJS.ReadableStream, 'readable');
    child.stdout?.destroy();
    const [code, signal] = await once(child, 'exit');
    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });
});

test('an interrupted run leaves nothing behind', async () => {
  // Holes only: takes no space, and minutes to read.
  writeFileSync(join(cwd, 'big'), '');
  truncateSync(join(cwd, 'big'), 100e9);
  const child = start(['run', 'compress_archive', 'big', 'big.zst'], { cwd });
  const done = outcomeOf(child);
  while (!readdirSync(cwd).some((name) => name.startsWith('.'))) await sleep(20);
  child.kill('SIGINT');
  const { code, stderr } = await done;
  expect(code).toBe(1);
  expect(stderr).toContain('(canceled)');
  expect(readdirSync(cwd).sort()).toEqual(['a.txt', 'big']);
});
