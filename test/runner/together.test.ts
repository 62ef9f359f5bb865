/** Orders that one child process works on side by side. */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchOnce } from '../../src/runner/fetch-once.ts';
import { gather } from '../../src/runner/gather.ts';
import { shareHost } from '../../src/runner/share-host.ts';
import type { Storage } from '../../src/storage/port.ts';
import { failureOf, LIMITS, testFolder, testHost, testOrder } from './fixtures/hosts.ts';

const written = (text: string, wait_ms = 0, id?: string) =>
  testOrder('write', { input: '/', params: { text, wait_ms }, ...(id && { id }) });

describe('several orders in one child', () => {
  it('each has its own outcome, in the same process', async () => {
    const host = testHost();
    const orders = await Promise.all(['one', 'two', 'three'].map((text) => written(text)));
    const outcomes = await Promise.all(host.runTogether(orders.map((order) => ({ order, options: LIMITS }))));
    expect(outcomes.map(({ report }) => report.data.length)).toEqual([3, 3, 5]);
    expect(await Promise.all(orders.map(({ work }) => readFile(join(work, 'target.txt'), 'utf8')))).toEqual([
      'one',
      'two',
      'three',
    ]);
    const pid = host.pid;
    await host.run(await written('after'), LIMITS);
    expect(host.pid).toBe(pid);
  });

  it('one that fails, or is canceled, is nothing to the others', async () => {
    const host = testHost();
    const stop = new AbortController();
    const bad = await testOrder('half_output', { params: { how: 'throw' } });
    const long = await written('never', 60_000);
    const good = await written('good', 1500);
    const [failed, canceled, finished] = host.runTogether([
      { order: bad, options: LIMITS },
      { order: long, options: { ...LIMITS, signal: stop.signal } },
      { order: good, options: LIMITS },
    ]);
    expect(await failureOf(failed as Promise<unknown>)).toMatchObject({ code: 'engine_failed' });
    stop.abort();
    expect(await failureOf(canceled as Promise<unknown>)).toMatchObject({ code: 'canceled' });
    expect((await finished)?.report.data).toEqual({ length: 4 });
  });
});

describe('attempts that share a child', () => {
  it('one that brings the process down takes no other with it', async () => {
    const host = testHost();
    const seats = shareHost(host, 3);
    const lines: string[] = [];
    const poison = await testOrder('half_output', { params: { how: 'crash' } });
    const [first, second] = [await written('first', 800), await written('second', 800)];
    const options = { ...LIMITS, onLog: (_: string, text: string) => lines.push(text) };
    const ends = await Promise.allSettled([
      seats[0]?.run(poison, options),
      seats[1]?.run(first, options),
      seats[2]?.run(second, options),
    ]);
    expect(ends[0]).toMatchObject({ status: 'rejected', reason: { code: 'crashed' } });
    expect(ends[1]).toMatchObject({ status: 'fulfilled', value: { report: { data: { length: 5 } } } });
    expect(ends[2]).toMatchObject({ status: 'fulfilled', value: { report: { data: { length: 6 } } } });
    expect(lines.filter((line) => line.includes('run alone now'))).toHaveLength(3);
  });

  it('one that never gets so far is not waited for', async () => {
    const seats = shareHost(testHost(), 2);
    const running = seats[0]?.run(await written('alone'), LIMITS);
    seats[1]?.leave();
    expect((await running)?.report.data).toEqual({ length: 5 });
  });
});

describe('gathering', () => {
  it('answers in rounds, each of all who stay', async () => {
    const rounds: number[][] = [];
    const seats = gather<number, number>(3, (calls) => {
      rounds.push(calls);
      return calls.map(async (call) => call * 10);
    });
    const [a, b, c] = seats.map(({ call }, number) => call(number));
    expect(await Promise.all([a, b, c])).toEqual([0, 10, 20]);
    const again = seats[0]?.call(7);
    seats[1]?.leave();
    seats[1]?.leave();
    expect(rounds).toHaveLength(1);
    seats[2]?.leave();
    expect(await again).toBe(70);
    expect(rounds).toEqual([[0, 1, 2], [7]]);
  });
});

describe('an input that several jobs want', () => {
  it('is fetched once, and lies in the folder of each', async () => {
    const root = await testFolder();
    await writeFile(join(root, 'film.mp4'), 'film');
    let fetched = 0;
    const storage = {
      fetch: async (_: string, folder: string) => {
        fetched += 1;
        await copyFile(join(root, 'film.mp4'), join(folder, 'film.mp4'));
        return join(folder, 'film.mp4');
      },
    } as unknown as Storage;
    const folders = ['a', 'b', 'c'].map((name) => join(root, name));
    for (const folder of folders) await mkdir(folder);
    const [a, b, c] = folders as [string, string, string];
    const fetch = fetchOnce(storage);
    const paths = await Promise.all([fetch('/data/input/film.mp4', a), fetch('/data/input/film.mp4', b)]);
    expect(paths).toEqual([join(a, 'film.mp4'), join(b, 'film.mp4')]);
    expect(fetched).toBe(1);
    // The first one is over, and its folder gone.
    await rm(a, { recursive: true });
    const late = await fetch('/data/input/film.mp4', c);
    expect(fetched).toBe(2);
    expect(await readFile(late, 'utf8')).toBe('film');
    expect(await readFile(join(b, 'film.mp4'), 'utf8')).toBe('film');
  });
});
