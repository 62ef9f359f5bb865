import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/core/plan.ts';
import { DEVICE_VARIABLES } from './fixtures/device-variables.ts';
import { failureOf, LIMITS, sharedHost, testHost, testOrder } from './fixtures/hosts.ts';
import { isAlive, until } from './fixtures/processes.ts';

const MiB = 1024 ** 2;

/** Resolves once the job says that it has begun. */
function begun() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, onProgress: () => resolve() };
}

describe('an order that goes well', () => {
  const host = sharedHost();

  it('answers with report, outputs and the memory it took', async () => {
    const order = await testOrder('write', { input: '/', params: { text: 'hello' } });
    const outcome = await host.run(order, LIMITS);
    expect(outcome.report).toEqual({
      message: 'Wrote 5 characters.',
      data: { length: 5 },
      warnings: [],
      metrics: {},
      errands: [],
    });
    expect(outcome.outputs).toEqual([{ name: 'target.txt', size_bytes: 5 }]);
    expect(outcome.metrics.peak_memory_bytes).toBeGreaterThan(30 * MiB);
    expect(await readFile(join(order.work, 'target.txt'), 'utf8')).toBe('hello');
  });

  it('passes progress on, cleaned of what is no number', async () => {
    const seen: Progress[] = [];
    await host.run(await testOrder('progress'), { ...LIMITS, onProgress: (p) => seen.push(p) });
    expect(seen[0]).toEqual({ percent: 0, stage: 'counting', bytes_done: 0 });
    expect(seen.at(-1)).toEqual({ percent: 100, stage: 'counting', bytes_done: 100 });
  });

  it('passes log lines and printed lines on', async () => {
    const seen: string[] = [];
    await host.run(await testOrder('talk'), {
      ...LIMITS,
      onLog: (level, text) => seen.push(`${level} ${text}`),
    });
    expect(seen.sort()).toEqual(['info by the log', 'warn by the pipe']);
  });

  it('limits how much a job can print', async () => {
    const seen: string[] = [];
    await host.run(await testOrder('gibberish'), { ...LIMITS, onLog: (_, text) => seen.push(text) });
    expect(seen).toHaveLength(201);
    expect(seen.at(-1)).toContain('left out');
  });

  it('keeps the child for the next order', async () => {
    const pids = new Set<number | null>();
    for (let i = 0; i < 3; i += 1) {
      await host.run(await testOrder('document', { target: 'a.json' }), LIMITS);
      pids.add(host.pid);
    }
    expect(pids.size).toBe(1);
    expect(isAlive(host.pid as number)).toBe(true);
  });

  it('gives the child nothing of the environment but what it needs, and where devices and their drivers are', async () => {
    const given = Object.fromEntries(DEVICE_VARIABLES.map((name) => [name, `/nowhere/${name}`]));
    const changed = { ...given, MEDIAMILL_SECRET: 'key' };
    const before = Object.keys(changed).map((name) => [name, process.env[name]] as const);
    try {
      Object.assign(process.env, changed);
      const { report } = await testHost().run(await testOrder('environment'), LIMITS);
      const known = ['HOME', 'LANG', 'NODE_COMPILE_CACHE', 'NODE_ENV', 'PATH', 'SVT_LOG', 'TZ'];
      known.push('MALLOC_MMAP_THRESHOLD_', ...DEVICE_VARIABLES);
      expect(Object.keys(report.data.environment as object).filter((key) => !known.includes(key))).toEqual(
        [],
      );
      expect(report.data.environment).toHaveProperty('PATH');
      // As the trial of the devices is told.
      expect(report.data.environment).toMatchObject(given);
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
});

describe('an order that fails', () => {
  // The next of them runs after each, in the same child or in another.
  const host = sharedHost();

  it.each([
    ['throw_plain', 'internal', 'not what it seems'],
    ['throw_late', 'crashed', 'too late to catch'],
    ['end_thread', 'crashed', 'ended the thread'],
    ['no_such_task', 'unknown_task', 'no_such_task'],
  ])('%s: %s', async (task, code, detail) => {
    const error = await failureOf(host.run(await testOrder(task), LIMITS));
    expect(error).toMatchObject({ name: 'MillError', code });
    expect(error.message).toContain(detail);
    await expect(host.run(await testOrder('progress'), LIMITS)).resolves.toBeDefined();
  });

  it.each([
    ['segfault', 'SIGSEGV'],
    ['abort', 'SIGABRT'],
  ])('%s: crashed, with the signal, and the next order runs in a new child', async (task, signal) => {
    await host.run(await testOrder('talk'), LIMITS);
    const before = host.pid;
    const error = await failureOf(host.run(await testOrder(task), LIMITS));
    expect(error).toMatchObject({ code: 'crashed', facts: { signal } });
    expect(error.message).toContain(signal);
    await host.run(await testOrder('talk'), LIMITS);
    expect(host.pid).not.toBe(before);
  });

  it('a child that was killed while idle does not fail the next order', async () => {
    await host.run(await testOrder('talk'), LIMITS);
    process.kill(host.pid as number, 'SIGKILL');
    await expect(host.run(await testOrder('talk'), LIMITS)).resolves.toBeDefined();
  });

  it('a child that cannot start says why', async () => {
    const host = testHost({ registryModule: 'file:///no/such/module.ts' });
    const error = await failureOf(host.run(await testOrder('talk'), LIMITS));
    expect(error.code).toBe('internal');
    expect(JSON.stringify(error.facts)).toContain('/no/such/module.ts');
  });
});

describe('deadline', () => {
  it('kills a native call that never returns', async () => {
    const host = testHost();
    await host.run(await testOrder('talk'), LIMITS);
    const pid = host.pid as number;
    const started = performance.now();
    const error = await failureOf(host.run(await testOrder('hang'), { ...LIMITS, timeoutMs: 300 }));
    expect(error).toMatchObject({ code: 'timed_out', facts: { timeout_seconds: 0.3 } });
    expect(performance.now() - started).toBeLessThan(1300);
    expect(isAlive(pid)).toBe(false);
  });

  it('takes helpers of the job along', async () => {
    let helper = 0;
    const error = await failureOf(
      testHost().run(await testOrder('helper_then_hang'), {
        ...LIMITS,
        timeoutMs: 1500,
        onLog: (_, text) => {
          helper = Number(text);
        },
      }),
    );
    expect(error.code).toBe('timed_out');
    expect(helper).toBeGreaterThan(0);
    await until(() => !isAlive(helper), 1000);
  });
});

describe('cancel', () => {
  const host = sharedHost();

  it('ends a job that does not listen within 2 s', async () => {
    const { promise, onProgress } = begun();
    const controller = new AbortController();
    const running = failureOf(
      host.run(await testOrder('hang'), { ...LIMITS, signal: controller.signal, onProgress }),
    );
    await promise;
    const pid = host.pid as number;
    const asked = performance.now();
    controller.abort();
    expect(await running).toMatchObject({ code: 'canceled', facts: { forced: true } });
    expect(performance.now() - asked).toBeLessThan(2000);
    expect(isAlive(pid)).toBe(false);
  });

  it('reaches a loop that never yields, and the child stays', async () => {
    const { promise, onProgress } = begun();
    const controller = new AbortController();
    const running = failureOf(
      host.run(await testOrder('polite_loop'), { ...LIMITS, signal: controller.signal, onProgress }),
    );
    await promise;
    const pid = host.pid;
    const asked = performance.now();
    controller.abort();
    expect(await running).toMatchObject({ code: 'canceled', facts: { forced: false } });
    expect(performance.now() - asked).toBeLessThan(500);
    await host.run(await testOrder('progress'), LIMITS);
    expect(host.pid).toBe(pid);
  });

  it('reaches code that waits', async () => {
    const { promise, onProgress } = begun();
    const controller = new AbortController();
    const order = await testOrder('write', { input: '/', params: { text: '', wait_ms: 60_000 } });
    const running = failureOf(host.run(order, { ...LIMITS, signal: controller.signal, onProgress }));
    await promise;
    controller.abort();
    expect(await running).toMatchObject({ code: 'canceled', facts: { forced: false } });
  });

  it('before the child is up runs nothing', async () => {
    const host = testHost();
    const seen: Progress[] = [];
    const error = await failureOf(
      host.run(await testOrder('progress'), {
        ...LIMITS,
        signal: AbortSignal.abort(),
        onProgress: (p) => seen.push(p),
      }),
    );
    expect(error.code).toBe('canceled');
    expect(seen).toEqual([]);
  });

  it('is the reason even when the deadline comes while it is waited for', async () => {
    const { promise, onProgress } = begun();
    const controller = new AbortController();
    await host.run(await testOrder('talk'), LIMITS);
    const running = failureOf(
      host.run(await testOrder('hang'), { ...LIMITS, timeoutMs: 500, signal: controller.signal, onProgress }),
    );
    await promise;
    controller.abort();
    expect((await running).code).toBe('canceled');
  });
});

describe('memory', () => {
  // One that was killed is replaced; one that kept memory, too.
  const host = sharedHost();

  it('a job over its limit is killed, and its memory is told', async () => {
    const order = await testOrder('bloat', { params: { mebibytes: 4096, hold_ms: 5000 } });
    const limit = 400 * MiB;
    const error = await failureOf(host.run(order, { ...LIMITS, memoryLimitBytes: limit }));
    expect(error).toMatchObject({ code: 'out_of_memory', facts: { limit_bytes: limit } });
    expect(error.facts?.rss_bytes).toBeGreaterThan(limit);
    await expect(host.run(await testOrder('talk'), LIMITS)).resolves.toBeDefined();
  });

  it('a killed child near its limit ran out of memory', async () => {
    const order = await testOrder('bloat', { params: { mebibytes: 256, hold_ms: 20_000 } });
    const running = failureOf(host.run(order, { ...LIMITS, memoryLimitBytes: 400 * MiB }));
    await until(() => host.pid !== null && residentMiB(host.pid) > 330, 5000);
    await sleep(150);
    process.kill(host.pid as number, 'SIGKILL');
    expect((await running).code).toBe('out_of_memory');
  });

  it('a killed child far from its limit crashed', async () => {
    const { promise, onProgress } = begun();
    const running = failureOf(host.run(await testOrder('hang'), { ...LIMITS, onProgress }));
    await promise;
    process.kill(host.pid as number, 'SIGKILL');
    expect(await running).toMatchObject({ code: 'crashed', facts: { signal: 'SIGKILL' } });
  });

  it('a full JavaScript heap is out of memory too', async () => {
    const error = await failureOf(
      host.run(await testOrder('heap_bloat'), { ...LIMITS, memoryLimitBytes: 64 * 1024 * MiB }),
    );
    expect(error.code).toBe('out_of_memory');
  });

  it('tells the peak of each order, not of the child', async () => {
    const big = await host.run(
      await testOrder('bloat', { params: { mebibytes: 200, give_back: true } }),
      LIMITS,
    );
    const pid = host.pid;
    const small = await host.run(await testOrder('talk'), LIMITS);
    expect(host.pid).toBe(pid);
    expect(big.metrics.peak_memory_bytes).toBeGreaterThan(200 * MiB);
    expect(small.metrics.peak_memory_bytes).toBeLessThan(200 * MiB);
  });
});

describe('life of a child', () => {
  it('is replaced after its share of orders', async () => {
    const host = testHost({ jobsPerChild: 2 });
    const pids: (number | null)[] = [];
    for (let i = 0; i < 4; i += 1) {
      host.warm();
      pids.push(host.pid);
      await host.run(await testOrder('document', { target: 'a.json' }), LIMITS);
    }
    expect(pids[1]).toBe(pids[0]);
    expect(pids[2]).not.toBe(pids[0]);
    expect(pids[3]).toBe(pids[2]);
    await until(() => !isAlive(pids[0] as number), 1000);
  });

  it('is replaced when it kept too much memory', async () => {
    const host = testHost();
    host.warm();
    const pid = host.pid as number;
    const order = await testOrder('bloat', { params: { mebibytes: 300 } });
    await host.run(order, { ...LIMITS, memoryLimitBytes: 600 * MiB });
    expect(host.pid).toBeNull();
    await until(() => !isAlive(pid), 1000);
  });

  it('closing in the middle of an order cancels it and leaves no process', async () => {
    const host = testHost();
    const { promise, onProgress } = begun();
    const running = failureOf(host.run(await testOrder('hang'), { ...LIMITS, onProgress }));
    await promise;
    const pid = host.pid as number;
    await host.close();
    expect((await running).code).toBe('canceled');
    expect(isAlive(pid)).toBe(false);
  });

  it('takes one order at a time', async () => {
    const host = testHost();
    const ends: string[] = [];
    const order = (text: string, wait_ms: number) =>
      testOrder('write', { input: '/', params: { text, wait_ms } });
    const [slow, quick] = [await order('slow', 500), await order('quick', 0)];
    await Promise.all([
      host.run(slow, LIMITS).then(() => ends.push('slow')),
      host.run(quick, LIMITS).then(() => ends.push('quick')),
    ]);
    expect(ends).toEqual(['slow', 'quick']);
  });
});

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}

it('says so when the system starts no process', async () => {
  const { execPath } = process;
  process.execPath = '/no/such/node';
  try {
    const host = testHost();
    host.warm();
    const error = await failureOf(host.run(await testOrder('talk'), LIMITS));
    expect(error.code).toBe('internal');
    expect(JSON.stringify(error.facts)).toContain('ENOENT');
    await host.close();
  } finally {
    process.execPath = execPath;
  }
});
