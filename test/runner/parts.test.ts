import { describe, expect, it } from 'vitest';
import { createCancelFlags, createCancelSignal, raise } from '../../src/runner/cancel-signal.ts';
import { explainExit } from '../../src/runner/exit-reason.ts';
import { maskHostPaths } from '../../src/runner/host-paths.ts';
import { mediaTypeOf } from '../../src/runner/media-types.ts';
import { readFromChild, readToChild, workOrderSchema } from '../../src/runner/protocol.ts';

describe('cancel signal', () => {
  it('is seen in the same turn of the event loop, and tells listeners once', () => {
    const flag = createCancelFlags();
    const { signal, notice } = createCancelSignal(flag, 1);
    let told = 0;
    signal.addEventListener('abort', () => {
      told += 1;
    });
    expect(signal.aborted).toBe(false);
    raise(flag, 1);
    expect(told).toBe(0);
    expect(signal.aborted).toBe(true);
    expect(() => signal.throwIfAborted()).toThrow(expect.objectContaining({ code: 'canceled' }));
    notice();
    expect(told).toBe(1);
    expect(signal.reason).toMatchObject({ code: 'canceled' });
  });

  it('throwIfAborted sees the flag by itself', () => {
    const flag = createCancelFlags();
    const { signal } = createCancelSignal(flag, 1);
    raise(flag, 0);
    signal.throwIfAborted();
    raise(flag, 1);
    expect(() => signal.throwIfAborted()).toThrow();
  });
});

describe('protocol', () => {
  const order = {
    id: 'a',
    task: 't',
    params: {},
    input: null,
    target: 'a.txt',
    work: '/work',
    threads: 1,
    network: { allow: [] },
  };

  it.each([
    { target: '../a.txt' },
    { target: '..' },
    { target: '' },
    { target: 'a\0b' },
    { work: 'work' },
    { input: 'a.mp4' },
    { threads: 0 },
    { extra: 1 },
  ])('refuses an order with %j', (part) => {
    expect(workOrderSchema.safeParse(order).success).toBe(true);
    expect(workOrderSchema.safeParse({ ...order, ...part }).success).toBe(false);
  });

  it('knows its messages and no others', () => {
    expect(readToChild({ type: 'cancel', id: 'a' })).toEqual({ type: 'cancel', id: 'a' });
    expect(() => readToChild({ type: 'reboot' })).toThrow();
    expect(readFromChild({ type: 'vitals', rss_bytes: 1 })).toEqual({ type: 'vitals', rss_bytes: 1 });
    expect(readFromChild({ type: 'vitals', rss_bytes: -1 })).toBeNull();
    expect(readFromChild({ type: 'progress', id: 'a', progress: { percent: 101 } })).toBeNull();
    expect(readFromChild('hello')).toBeNull();
    const failure = { title: 't', detail: 'd', next: 'n', retryable: true };
    expect(
      readFromChild({ type: 'failed', id: 'a', failure: { ...failure, code: 'crashed' } }),
    ).not.toBeNull();
    expect(readFromChild({ type: 'failed', id: 'a', failure: { ...failure, code: 'made_up' } })).toBeNull();
  });
});

describe('why a process ended', () => {
  const memory = { current: 100, limit: 1000 };
  it.each([
    [{ code: null, signal: 'SIGSEGV', stderr: [] }, memory, 'crashed'],
    [
      { code: 134, signal: null, stderr: ['FATAL ERROR: Reached heap limit Allocation failed'] },
      memory,
      'out_of_memory',
    ],
    [{ code: null, signal: 'SIGABRT', stderr: ['what():  std::bad_alloc'] }, memory, 'out_of_memory'],
    [{ code: null, signal: 'SIGKILL', stderr: [] }, memory, 'crashed'],
    [{ code: null, signal: 'SIGKILL', stderr: [] }, { current: 900, limit: 1000 }, 'out_of_memory'],
    [{ code: null, signal: 'SIGSEGV', stderr: [] }, { current: 900, limit: 1000 }, 'crashed'],
    [{ code: 1, signal: null, stderr: [] }, memory, 'crashed'],
  ] as const)('%j with %j: %s', (exit, used, code) => {
    expect(explainExit({ ...exit, stderr: [...exit.stderr] }, used).code).toBe(code);
  });

  it('keeps what was said and drops stacks', () => {
    const stderr = [
      'Assertion failed: x > 0',
      '----- Native stack trace -----',
      '',
      ' 1: 0x931db0  [/usr/bin/node]',
    ];
    const error = explainExit({ code: null, signal: 'SIGABRT', stderr }, memory);
    expect(error.facts).toEqual({ signal: 'SIGABRT', exit_code: null, stderr: ['Assertion failed: x > 0'] });
    expect(error.message).toContain('Assertion failed');
  });
});

describe('paths of the host', () => {
  const mask = maskHostPaths(
    new Map([
      ['/srv/mill/out/.work/a-1', 'work'],
      ['/srv/mill/out/.work/a-1/out/b.mp4', '/data/output/b.mp4'],
      ['/srv/mill/in/x.mp4', '/data/input/x.mp4'],
    ]),
  );

  it.each([
    ["open '/srv/mill/out/.work/a-1/out/b.mp4'", "open '/data/output/b.mp4'"],
    ['/srv/mill/in/x.mp4: bad header', '/data/input/x.mp4: bad header'],
    ['in /srv/mill/out/.work/a-1/in/0', 'in work/in/0'],
    ["Cannot find '/usr/lib/node/thing.js'", "Cannot find 'thing.js'"],
    ['node (/usr/bin/node)', 'node (node)'],
    ['see https://example.org/a/b', 'see https://example.org/a/b'],
    ['30000/1001/1 fps, and/or/else', '30000/1001/1 fps, and/or/else'],
  ])('%j becomes %j in diagnostics', (text, shown) => {
    expect(mask.all(text)).toBe(shown);
  });

  it('in results only known ones are replaced, however deep', () => {
    const data = { tags: { comment: '/home/joe/holiday.mov' }, files: ['/srv/mill/in/x.mp4', 3, null] };
    expect(mask.known(data)).toEqual({
      tags: { comment: '/home/joe/holiday.mov' },
      files: ['/data/input/x.mp4', 3, null],
    });
  });
});

describe('media types', () => {
  it.each([
    ['a.mp4', 'video/mp4'],
    ['a.MKV', 'video/x-matroska'],
    ['a.flac', 'audio/flac'],
    ['a.mp4.sha256', 'text/plain'],
    ['00000.part', 'application/octet-stream'],
    ['README', 'application/octet-stream'],
    ['a.tar.zst', 'application/zstd'],
  ])('%s is %s', (name, type) => {
    expect(mediaTypeOf(name)).toBe(type);
  });
});
