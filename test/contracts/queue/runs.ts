import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Claim, JobRun, NewJob, Queue } from '../../../src/queue/port.ts';
import {
  type ContractPart,
  eventually,
  expectCode,
  failure,
  newJob,
  put,
  record,
  result,
  status,
  take,
  takeSoon,
} from './kit.ts';

const LONG = 30_000;

function step(name: string, pass: string | null = 'p1', more: Partial<JobRun> = {}): { run: JobRun } {
  return { run: { id: 'run-1', recipe: 'web-video@3', step: name, pass, ...more } };
}

/** A pass of so many steps, queued. */
function pass(steps: number, more: Partial<NewJob> = {}, run: Partial<JobRun> = {}): NewJob[] {
  return Array.from({ length: steps }, (_, i) => newJob({ ...step(`s${i}`, 'p1', run), ...more }));
}

/** The claim and those that came along, as claims without mates. */
function all({ mates = [], ...first }: Claim): Claim[] {
  return [first, ...mates];
}

const idsOf = (claims: Claim[]): string[] => claims.map(({ job }) => job.id);

export const runContract: ContractPart = (driver) => {
  test('a job knows the step of the recipe that it is, from its start to its end', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    expect((await put(queue)).run).toBeNull();
    const inline = { id: 'run-2', recipe: null, step: 'thumb', pass: null };
    const [named, given] = await queue.enqueue([newJob(step('small')), newJob({ run: inline })]);
    expect(named?.run).toEqual(step('small').run);
    expect(given?.run).toEqual(inline);
    expect((await other.get(given?.id ?? ''))?.run).toEqual(inline);
    for (const run of [null, step('small').run, inline]) {
      const claim = await take(queue);
      expect(claim.job.run).toEqual(run);
      expect((await queue.complete(claim, result())).run).toEqual(run);
    }
    expect((await queue.retry(named?.id ?? '')).run).toEqual(step('small').run);
    await queue.cancel(named?.id ?? '');
    expect((await queue.remove(named?.id ?? '')).run).toEqual(step('small').run);
  });

  test('lists the steps of one run, and nothing of those that were removed', async () => {
    const queue = await driver().open();
    await put(queue);
    const steps = await queue.enqueue([
      newJob({ ...step('a'), ref: 'a', task: 'probe' }),
      newJob({ ...step('b', null), depends_on: ['a'] }),
      newJob({ ...step('c'), delay_ms: 60_000, input_path: '/data/input/other.mp4' }),
      newJob({ ...step('d', 'p2'), owner: 'key-1', task: 'probe' }),
      newJob(step('e', 'p1', { id: 'run-2' })),
    ]);
    const [a, b, c, d, e] = steps.map(({ id }) => id) as [string, string, string, string, string];
    const ids = async (query: Parameters<Queue['list']>[0]) =>
      (await queue.list(query)).jobs.map(({ id }) => id);

    expect(await ids({ run: 'run-1' })).toEqual([d, c, b, a]);
    expect(await ids({ run: 'run-2' })).toEqual([e]);
    expect(await ids({ run: 'run-3' })).toEqual([]);
    expect(await ids({ run: 'run-1', status: ['deferred', 'scheduled'] })).toEqual([c, b]);
    expect(await ids({ run: 'run-1', task: 'probe' })).toEqual([d, a]);
    expect(await ids({ run: 'run-1', task: 'probe', status: ['queued'], owner: 'key-1' })).toEqual([d]);
    expect(await ids({ run: 'run-1', q: 'OTHER' })).toEqual([c]);
    const counts = await queue.counts({ run: 'run-1' });
    expect(counts).toMatchObject({ queued: 2, deferred: 1, scheduled: 1, finished: 0 });
    expect(await queue.counts({ run: 'run-1', task: 'probe' })).toMatchObject({ queued: 2, deferred: 0 });

    const pages: string[][] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await queue.list({ run: 'run-1', limit: 2, ...(cursor !== undefined && { cursor }) });
      pages.push(page.jobs.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(pages).toEqual([
      [d, c],
      [b, a],
    ]);

    for (const id of [b, c, d, e]) await queue.remove(id);
    expect(await ids({ run: 'run-1' })).toEqual([a]);
    await queue.complete(await take(queue), result());
    await queue.complete(await take(queue), result());
    while ((await queue.forget({ max_age_ms: null, max_jobs: 0 })).more);
    expect(await ids({ run: 'run-1' })).toEqual([]);
    expect(await ids({})).toEqual([]);
  });

  test('with a step come the queued ones of the same run, pass and owner, each with a claim of its own', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    const jobs = await queue.enqueue([
      newJob(step('a')),
      newJob(step('b')),
      newJob(step('other-pass', 'p2')),
      newJob(step('alone', null)),
      newJob(step('other-run', 'p1', { id: 'run-2' })),
      newJob({ ...step('other-owner'), owner: 'key-1' }),
      newJob(),
      newJob(step('c')),
    ]);
    const watcher = record(other);
    const claim = await take(queue, 'worker-7');
    const claims = all(claim);
    expect(idsOf(claims)).toEqual([0, 1, 7].map((i) => jobs[i]?.id));
    for (const one of claims) {
      expect(one).toMatchObject({ worker: 'worker-7', attempt: 1, token: 1 });
      expect(one.job).toMatchObject({ status: 'started', worker: 'worker-7', attempts: 1 });
      expect(one.job.timeline.map(({ event }) => event)).toEqual(['enqueued', 'claimed']);
      expect(one.job.timeline[1]).toMatchObject({ attempt: 1, worker: 'worker-7' });
      expect(await other.get(one.job.id)).toEqual(one.job);
      await watcher.seen((event) => event.type === 'job' && event.job.id === one.job.id);
    }
    await watcher.stop();
    expect(await queue.counts()).toMatchObject({ started: 3, queued: 5 });

    const rest: Claim[] = [];
    for (let next = await queue.claim('worker-8', LONG); next; next = await queue.claim('worker-8', LONG)) {
      expect(next.mates).toBeUndefined();
      rest.push(next);
    }
    expect(idsOf(rest)).toEqual([2, 3, 4, 5, 6].map((i) => jobs[i]?.id));

    for (const one of [...claims, ...rest].reverse()) {
      expect(await queue.renew(one, LONG)).toEqual({ cancelRequested: false });
      expect(await queue.progress(one, { percent: 10 })).toBe(true);
      await queue.log(one, [{ level: 'info', text: one.job.id }]);
      expect((await queue.complete(one, result(one.job.id))).status).toBe('finished');
      expect((await other.get(one.job.id))?.result?.message).toBe(one.job.id);
    }
    expect(await queue.counts()).toMatchObject({ started: 0, queued: 0, finished: 8 });
  });

  test('mates end each in its own way', async () => {
    const queue = await driver().open();
    const jobs = await queue.enqueue(pass(5));
    const [done, broken, again, back, stopped] = all(await take(queue)) as [
      Claim,
      Claim,
      Claim,
      Claim,
      Claim,
    ];
    await queue.fail(broken, failure('corrupt_media'));
    await queue.cancel(stopped.job.id);
    expect(await queue.renew(stopped, LONG)).toEqual({ cancelRequested: true });
    for (const one of [done, again, back])
      expect(await queue.renew(one, LONG)).toEqual({ cancelRequested: false });
    await queue.fail(stopped, failure('canceled'));
    await queue.fail(again, { ...failure('crashed'), retryable: true });
    await queue.release(back);
    await queue.complete(done, result());
    const now = await Promise.all(jobs.map(({ id }) => status(queue, id)));
    expect(now).toEqual([
      'finished',
      'failed',
      // Its next attempt may be due by now.
      expect.stringMatching(/scheduled|queued/),
      'queued',
      'canceled',
    ]);
    for (const one of [done, broken, again, back, stopped]) {
      await expectCode(queue.complete(one, result('stale')), 'lease_lost');
    }
    const next: Claim[] = [];
    while (next.length < 2) next.push(...all(await takeSoon(queue, 'worker-2', 10_000)));
    expect(new Set(next.map(({ job, attempt, token }) => `${job.id} ${attempt} ${token}`))).toEqual(
      new Set([`${back.job.id} 1 2`, `${again.job.id} 2 2`]),
    );
  });

  test('what waits for its time or for other jobs does not come along', async () => {
    const queue = await driver().open();
    const other = await put(queue, { priority: 0 });
    const [first, , scheduled, deferred, canceled] = await queue.enqueue([
      ...pass(2),
      newJob({ ...step('later'), delay_ms: 2000 }),
      newJob({ ...step('child'), depends_on: [other.id] }),
      newJob(step('canceled')),
    ]);
    await queue.cancel(canceled?.id ?? '');
    const claims = all(await take(queue));
    expect(claims).toHaveLength(2);
    expect(claims[0]?.job.id).toBe(first?.id);
    expect(await status(queue, scheduled?.id ?? '')).toBe('scheduled');
    expect(await status(queue, deferred?.id ?? '')).toBe('deferred');
    const late = await takeSoon(queue, 'worker-2', 10_000);
    // Either the job of priority 0 or the one whose time has come.
    const two = [late, await takeSoon(queue, 'worker-2', 10_000)];
    expect(two.map(({ mates }) => mates)).toEqual([undefined, undefined]);
    expect(new Set(idsOf(two))).toEqual(new Set([other.id, scheduled?.id]));
    for (const claim of two) await queue.complete(claim, result());
    expect(idsOf(all(await take(queue)))).toEqual([deferred?.id]);
  });

  test('a job whose time has come just now comes along', async () => {
    const queue = await driver().open();
    const [later, first] = await queue.enqueue([
      newJob({ ...step('later'), delay_ms: 200, priority: 40 }),
      newJob({ ...step('first'), depends_on: [(await put(queue)).id] }),
    ]);
    const before = await take(queue);
    await sleep(400);
    await queue.complete(before, result());
    expect(idsOf(all(await take(queue)))).toEqual([first?.id, later?.id]);
  });

  test('a step that is retried alone is claimed alone', async () => {
    const queue = await driver().open();
    const jobs = await queue.enqueue(pass(3));
    for (const claim of all(await take(queue))) await queue.fail(claim, failure('corrupt_media'));
    await queue.retry(jobs[1]?.id ?? '');
    const claim = await take(queue);
    expect(claim.job.id).toBe(jobs[1]?.id);
    expect(claim.mates).toBeUndefined();
    await queue.complete(claim, result());
    // Two that are retried go together again.
    for (const i of [2, 0]) await queue.retry(jobs[i]?.id ?? '');
    const both = all(await take(queue));
    expect(idsOf(both)).toEqual([jobs[2]?.id, jobs[0]?.id]);
    expect(both.map(({ attempt, token }) => [attempt, token])).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  test('children of one parent become queued together and are claimed together', async () => {
    const queue = await driver().open();
    const [, ...children] = await queue.enqueue([
      newJob({ ...step('source', null), ref: 'source' }),
      newJob({ ...step('a', 'p2'), depends_on: ['source'] }),
      newJob({ ...step('b', 'p2'), depends_on: ['source'] }),
      newJob({ ...step('c', null), depends_on: ['source'] }),
    ]);
    expect(children.map((child) => child.status)).toEqual(['deferred', 'deferred', 'deferred']);
    const source = await take(queue);
    expect(source.mates).toBeUndefined();
    expect(await queue.claim('worker-2', LONG)).toBeNull();
    await queue.complete(source, result());
    const claims = all(await take(queue));
    expect(idsOf(claims)).toEqual(children.slice(0, 2).map(({ id }) => id));
    for (const claim of claims) await queue.complete(claim, result());
    expect(idsOf(all(await take(queue)))).toEqual([children[2]?.id]);
  });

  test('the first of a pass comes in its turn, and the others with it, in their order', async () => {
    const queue = await driver().open();
    const [before, low, high, middle, urgent] = await queue.enqueue([
      newJob({ priority: 60 }),
      newJob({ ...step('low'), priority: 10 }),
      newJob({ ...step('high'), priority: 50 }),
      newJob({ ...step('middle'), priority: 30 }),
      newJob({ priority: 100 }),
    ]);
    const order: string[][] = [];
    for (let claim = await queue.claim('w', LONG); claim; claim = await queue.claim('w', LONG)) {
      order.push(idsOf(all(claim)));
    }
    expect(order).toEqual([[urgent?.id], [before?.id], [high?.id, middle?.id, low?.id]]);
  });

  test('a paused queue gives out no pass', async () => {
    const queue = await driver().open();
    await queue.enqueue(pass(3));
    await queue.pause('maintenance');
    expect(await queue.claim('worker-1', LONG)).toBeNull();
    expect(await queue.counts()).toMatchObject({ queued: 3, started: 0 });
    await queue.resume();
    expect(all(await take(queue))).toHaveLength(3);
  });

  test('a canceled step leaves the others as they are', async () => {
    const queue = await driver().open();
    const jobs = await queue.enqueue(pass(3));
    await queue.cancel(jobs[1]?.id ?? '');
    const claims = all(await take(queue));
    expect(idsOf(claims)).toEqual([jobs[0]?.id, jobs[2]?.id]);
    await queue.cancel(jobs[2]?.id ?? '');
    await queue.complete(claims[0] as Claim, result());
    await queue.release(claims[1] as Claim);
    expect(await queue.counts()).toMatchObject({ finished: 1, canceled: 2 });
    expect(await queue.claim('worker-1', LONG)).toBeNull();
  });

  test('a lease that runs out returns all of them, and they go together again', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    const jobs = await queue.enqueue(pass(3));
    const lost = all(await take(queue, 'worker-1', driver().leaseMs));
    expect(lost).toHaveLength(3);
    await eventually(
      async () => (await other.counts()).queued === 3,
      driver().leaseMs + driver().recoveryMs + 5000,
      'all to be back',
    );
    for (const claim of lost) await expectCode(queue.renew(claim, LONG), 'lease_lost');
    const again = all(await take(other, 'worker-2'));
    expect(new Set(idsOf(again))).toEqual(new Set(jobs.map(({ id }) => id)));
    for (const { attempt, job } of again) {
      expect(attempt).toBe(2);
      expect(job.timeline.map(({ event }) => event)).toEqual([
        'enqueued',
        'claimed',
        'lease_expired',
        'claimed',
      ]);
    }
  });

  test('the lease of each is its own', async () => {
    const queue = await driver().open();
    await queue.enqueue(pass(2));
    const [kept, dropped] = all(await take(queue, 'worker-1', driver().leaseMs)) as [Claim, Claim];
    await queue.renew(kept, LONG);
    await eventually(
      async () => (await status(queue, dropped.job.id)) === 'queued',
      driver().leaseMs + driver().recoveryMs + 5000,
      'the other to be back',
    );
    await queue.complete(kept, result());
    await expectCode(queue.complete(dropped, result()), 'lease_lost');
  });

  test('workers that race never share a pass, and every job is done once', async () => {
    const handles = [await driver().open(), await driver().open(), await driver().open()];
    const first = handles[0] as Queue;
    const sizes = Array.from({ length: 30 }, (_, run) => 1 + (run % 6));
    const jobs = await first.enqueue(
      sizes.flatMap((size, run) => [
        ...pass(size, { priority: 50 + (run % 3) }, { id: `run-${run}` }),
        newJob({ ...step('alone', null, { id: `run-${run}` }), priority: 50 + (run % 2) }),
      ]),
    );
    const groups: string[][] = [];
    let turn = 0;
    await Promise.all(
      handles.flatMap((queue, handle) =>
        [0, 1].map(async (slot) => {
          for (;;) {
            const claim = await queue.claim(`worker-${handle}-${slot}`, LONG);
            if (!claim) return;
            const claims = all(claim);
            groups.push(idsOf(claims));
            for (const one of claims) {
              // Some come back, and go alone then, or with others that came back.
              turn += 1;
              if (turn % 7 === 0 && one.token === 1) await queue.release(one);
              else await queue.complete(one, result(`${handle}-${slot}`));
            }
          }
        }),
      ),
    );
    const passOf = new Map(jobs.map(({ id, run }) => [id, run?.pass === null ? id : run?.id]));
    for (const ids of groups) expect(new Set(ids.map((id) => passOf.get(id))).size).toBe(1);
    expect(groups.filter((ids) => ids.length > 1).length).toBeGreaterThan(0);
    expect(await first.counts()).toMatchObject({ finished: jobs.length, queued: 0, started: 0 });
    for (const { id } of jobs) {
      const done = await first.get(id);
      expect(done?.timeline.filter(({ event }) => event === 'finished')).toHaveLength(1);
      const claims = done?.timeline.filter(({ event }) => event === 'claimed').length ?? 0;
      const releases = done?.timeline.filter(({ event }) => event === 'released').length ?? 0;
      expect(claims).toBe(1 + releases);
    }
    // Who finds a pass whole takes it whole: claimed for the first time, its jobs were in one group.
    const seen = new Set<string>();
    const firstTime = groups.map((ids) => ids.filter((id) => !seen.has(id) && seen.add(id)));
    const whole = firstTime.filter((ids) => ids.length > 0);
    expect(whole.length).toBe(2 * sizes.length);
  });
};
