import { describe, expect, test } from 'vitest';
import { ERRORS, fromFailure, isErrorCode, MillError, toMillError } from '../../src/core/errors.ts';

test.each(Object.entries(ERRORS))('%s is a row a person can use', (code, { status, title, next }) => {
  expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(600);
  expect(title).toMatch(/^[A-Z].*[^.]$/);
  expect(next).toMatch(/^[`A-Z].*\.$/);
});

test('an error without a detail says its title', () => {
  expect(new MillError('job_not_found').message).toBe('There is no such job.');
});

test('a failure crosses a process and comes back the same', () => {
  const error = new MillError('no_video_stream', 'a.mp3 has only sound.', { facts: { streams: 1 } });
  const back = fromFailure(JSON.parse(JSON.stringify(error.toFailure())));
  expect(back.toFailure()).toEqual(error.toFailure());
  expect(back).toMatchObject({ code: 'no_video_stream', status: 422, retryable: false });
});

describe('toMillError', () => {
  test.each([
    ['ENOSPC', 'disk_full'],
    ['EROFS', 'output_not_writable'],
    ['EBADF', 'internal'],
  ])('%s is %s', (system, code) => {
    const cause = Object.assign(new Error(`${system}: /host/path`), { code: system });
    expect(toMillError(cause)).toMatchObject({ code, cause });
  });

  test('the path of the host stays out of the sentence of a system error', () => {
    const error = Object.assign(new Error('ENOSPC: no space left, write /srv/secret'), { code: 'ENOSPC' });
    expect(toMillError(error).message).not.toContain('/srv');
  });

  test('ours are passed through, anything else is internal', () => {
    const ours = new MillError('conflict');
    expect(toMillError(ours)).toBe(ours);
    expect(toMillError('text')).toMatchObject({ code: 'internal', message: 'text' });
  });
});

test('only codes of the table are codes', () => {
  expect(isErrorCode('crashed')).toBe(true);
  expect(isErrorCode('toString')).toBe(false);
});
