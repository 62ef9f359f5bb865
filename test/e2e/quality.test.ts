/** What can be measured of the page: weight, motion, speed with many jobs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claim } from '../../src/queue/port.ts';
import { resultOf, startServer, type TestServer } from '../server/fixtures/server.ts';
import { launch, leftOut, openPage } from './browser.ts';

const MOST_SCRIPT = 200 * 1024;
/** 100,000 by hand; that many take minutes to be put in. */
const MANY = Number(process.env.TEST_JOBS ?? 10_000);
/** Number of one that is on none of the first pages, nor on the last. */
const MIDDLE = Math.floor(MANY / 2) + 11;
/** Milliseconds of work for one frame: what a screen of 60 frames a second allows is 16, and a slow machine is slow. */
const MOST_WORK = 40;
const RUNNING = 50;
/** More rows than this in the page, and it is not a window on the list any more. */
const MOST_ROWS = 120;
/** A machine that is busy elsewhere is measured again; a page that is slow stays so. */
const WHEN_CALM = { timeout: 60_000, interval: 500 };

interface Frames {
  count: number;
  /** Of them, those longer than 50 ms. */
  slow: number;
  longest: number;
  milliseconds: number;
}

describe.skipIf(leftOut)('the quality of the page', { timeout: 120_000 }, () => {
  let browser: Browser;
  let server: TestServer;
  let origin: string;
  let finished: string;

  beforeAll(async () => {
    browser = await launch();
    server = await startServer();
    origin = await server.listen();
    ({ id: finished } = await server.finished('/data/output/done.json', '{"cuts": [], "frames": 3}'));
    await server.queue.enqueue([
      { task: 'shout_text', input_path: '/data/input/b.txt', output_path: null, params: {} },
    ]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('the first page weighs at most 200 KB of script, and the heavy parts come later', async () => {
    for (const path of ['/jobs', '/new', '/system', `/jobs/${finished}`]) {
      const { page, close } = await openPage(browser, 'about:blank');
      const scripts = new Set<string>();
      page.on('response', (answer) => {
        if (/\.js$/.test(new URL(answer.url()).pathname)) scripts.add(new URL(answer.url()).pathname);
      });
      await page.goto(origin + path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
      await page.waitForLoadState('load');
      const root = join(import.meta.dirname, '../../web/dist');
      const bytes = [...scripts].map((name) => gzipSync(readFileSync(join(root, name))).length);
      const all = bytes.reduce((sum, size) => sum + size, 0);
      console.log(`${path}: ${scripts.size} scripts, ${(all / 1024).toFixed(1)} KiB gzip`);
      expect(scripts.size).toBeGreaterThan(0);
      expect(all).toBeLessThan(MOST_SCRIPT);
      await close();
    }
  });

  test('nothing moves for those who want less motion', async () => {
    const { page, close } = await openPage(browser, `${origin}/jobs`, { reducedMotion: 'reduce' });
    await page.getByText('b.txt').waitFor();
    const durations = await page.evaluate(
      `[...new Set([...document.querySelectorAll('*')].map((one) => getComputedStyle(one).transitionDuration))].join()`,
    );
    expect(new Set(String(durations).split(/,\s*/))).toEqual(new Set(['0s']));
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
    await close();
  });

  test(`${MANY} jobs are a list like any other`, { timeout: 600_000 }, async () => {
    for (let at = 0; at < MANY; at += 1000) {
      await server.queue.enqueue(
        Array.from({ length: 1000 }, (_, index) => ({
          task: 'shout_text',
          input_path: `/data/input/take-${at + index}.txt`,
          output_path: null,
          params: {},
        })),
      );
    }
    const cancelling = await fetch(`${origin}/api/jobs/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ action: 'cancel', filter: { status: ['queued'], q: 'take-' } }),
    });
    expect(cancelling.status).toBe(200);
    const { page, complaints, close } = await openPage(browser, `${origin}/jobs`);
    await page.getByRole('link', { name: new RegExp(`^All ${Math.floor(MANY / 1000)},0`) }).waitFor();
    const list = page.getByRole('grid', { name: 'Jobs' });
    await page.getByText(`take-${MANY - 1}.txt`).waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(MOST_ROWS);
    // To the end, page by page, as fast as they come.
    await expect
      .poll(
        async () => {
          await page.evaluate(TO_THE_END);
          return list.getAttribute('aria-rowcount').then(Number);
        },
        { timeout: 300_000, interval: 50 },
      )
      .toBeGreaterThan(MANY);
    await page.evaluate(TO_THE_END);
    await page.getByText('take-0.txt').waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(MOST_ROWS);
    const metrics = await page.context().newCDPSession(page);
    // Of the processor, not of the clock: what else the machine does is no matter of the page.
    await metrics.send('Performance.enable', { timeDomain: 'threadTicks' });
    const worked = async () => {
      const { metrics: found } = await metrics.send('Performance.getMetrics');
      return 1000 * (found.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
    };
    const scrolling = async () => {
      await page.evaluate(TO_THE_END);
      const before = await worked();
      const { count, slow, longest } = (await page.evaluate(SCROLL)) as Frames;
      const each = ((await worked()) - before) / count;
      console.log(
        `scrolling ${MANY} jobs: ${count} frames, ${each.toFixed(1)} ms of work each, ${slow} longer than 50 ms, longest ${longest} ms`,
      );
      return each;
    };
    await expect.poll(scrolling, WHEN_CALM).toBeLessThan(MOST_WORK);
    await page.getByRole('searchbox', { name: /^Filter/ }).fill(`take-${MIDDLE}`);
    await page.getByText(`take-${MIDDLE}.txt`).waitFor();
    await close();
    expect(complaints).toEqual([]);
  });

  test('50 jobs that report progress do not stop the page', async () => {
    const claims: Claim[] = [];
    await server.queue.enqueue(
      Array.from({ length: RUNNING }, (_, index) => ({
        task: 'shout_text',
        input_path: `/data/input/run-${index}.txt`,
        output_path: null,
        params: {},
        priority: 100,
      })),
    );
    for (let index = 0; index < RUNNING; index++) {
      const claim = await server.queue.claim('many', 60_000);
      if (claim) claims.push(claim);
    }
    const { page, complaints, close } = await openPage(browser, `${origin}/jobs`);
    await page.getByText('run-0.txt').waitFor();
    let percent = 0;
    const reporting = setInterval(() => {
      percent = Math.min(99, percent + 1);
      for (const claim of claims) {
        const told = server.queue.progress(claim, {
          percent,
          fps: 100 + percent,
          speed: 4.2,
          eta_seconds: 100 - percent,
        });
        // The server may be closing.
        told.catch(() => {});
      }
    }, 250);
    try {
      await page
        .getByText(/[2-9] %/)
        .first()
        .waitFor();
      const watching = async () => {
        const { count, slow, longest, milliseconds } = (await page.evaluate(WATCH)) as Frames;
        const rate = (1000 * count) / milliseconds;
        console.log(
          `${RUNNING} jobs: ${rate.toFixed(1)} frames a second, ${slow} longer than 50 ms, longest ${longest} ms`,
        );
        return rate;
      };
      // What a loaded machine without a graphics card still must do.
      await expect.poll(watching, WHEN_CALM).toBeGreaterThan(15);
      expect(await page.getByRole('progressbar').count()).toBeGreaterThan(5);
    } finally {
      clearInterval(reporting);
    }
    for (const claim of claims) await server.queue.complete(claim, resultOf(null));
    await close();
    expect(complaints).toEqual([]);
  });
});

const MEASURE = `
  const frames = [];
  const start = performance.now();
  let last = start;
  const result = () => {
    const long = frames.map((one) => Math.round(one));
    return { count: long.length, slow: long.filter((one) => one > 50).length, longest: Math.max(...long), milliseconds: performance.now() - start };
  };`;

const TO_THE_END = `{
  const list = document.querySelector('[role=grid]');
  list.scrollTop = list.scrollHeight;
}`;

const SCROLL = `new Promise((resolve) => {
  const list = document.querySelector('[role=grid]');
  ${MEASURE}
  const step = (now) => {
    frames.push(now - last);
    last = now;
    list.scrollTop -= 400;
    if (frames.length < 120 && list.scrollTop > 0) requestAnimationFrame(step);
    else resolve(result());
  };
  requestAnimationFrame(step);
})`;

const WATCH = `new Promise((resolve) => {
  ${MEASURE}
  const step = (now) => {
    frames.push(now - last);
    last = now;
    if (now - start < 2000) requestAnimationFrame(step);
    else resolve(result());
  };
  requestAnimationFrame(step);
})`;
