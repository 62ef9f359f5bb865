/** What can be measured of the page: accessibility, weight, speed with many jobs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import type { Claim } from '../../src/queue/port.ts';
import { resultOf, startServer, type TestServer } from '../server/fixtures/server.ts';
import { launch, leftOut, openPage } from './browser.ts';

const MOST_SCRIPT = 200 * 1024;
/** 100,000 by hand; that many take minutes to be put in. */
const MANY = Number(process.env.TEST_JOBS ?? 10_000);
const RUNNING = 50;
/** More rows than this in the page, and it is not a window on the list any more. */
const MOST_ROWS = 120;

describe.skipIf(leftOut)('the quality of the page', { timeout: 120_000 }, () => {
  let browser: Browser;
  let server: TestServer;
  let origin: string;
  let failed: string;
  let finished: string;

  beforeAll(async () => {
    browser = await launch();
    server = await startServer();
    origin = await server.listen();
    ({ id: finished } = await server.finished('/data/output/done.json', '{"cuts": [], "frames": 3}'));
    await server.queue.enqueue([
      { task: 'always_fails', input_path: '/data/input/a.txt', output_path: null, params: {} },
    ]);
    const claim = await server.queue.claim('w', 60_000);
    if (!claim) throw new Error('nothing to claim');
    ({ id: failed } = await server.queue.fail(
      claim,
      new MillError('corrupt_media', 'It ends too soon.').toFailure(),
    ));
    await server.queue.enqueue([
      { task: 'shout_text', input_path: '/data/input/b.txt', output_path: null, params: {} },
      {
        task: 'shout_text',
        input_path: '/data/input/c.txt',
        output_path: null,
        params: {},
        delay_ms: 3_600_000,
      },
    ]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe finds nothing on any page, ${colorScheme}`, async () => {
      const { page, complaints, close } = await openPage(browser, `${origin}/jobs`, { colorScheme });
      const check = async (where: string) => {
        const { violations } = await new AxeBuilder({ page }).analyze();
        const found = violations.map(
          ({ id, nodes }) => `${where}: ${id} ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
        );
        expect(found).toEqual([]);
      };
      await page.getByText('b.txt').waitFor();
      await check('jobs');
      await page.keyboard.press('j');
      await page.keyboard.press('x');
      await page.keyboard.press(' ');
      await page.getByRole('complementary', { name: 'Peek' }).waitFor();
      await check('jobs with a selection and a peek');
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: /^Find a job/ }).waitFor();
      await check('palette');
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      await check('keys');
      for (const [path, text] of [
        [`/jobs/${failed}`, 'It ends too soon'],
        [`/jobs/${finished}`, 'Took'],
        ['/new?task=shout_text', 'What to make'],
        ['/new?task=join_files', 'Others'],
        ['/system', 'Workers'],
        ['/nowhere-at-all', ''],
        ['/jobs?status=canceled', 'No jobs match.'],
      ] as const) {
        if (path === '/nowhere-at-all') continue;
        await page.goto(origin + path);
        await page.getByText(text).first().waitFor();
        await check(path);
      }
      await page.setViewportSize({ width: 390, height: 844 });
      for (const path of ['/jobs', '/new?task=shout_text', '/system', `/jobs/${failed}`]) {
        await page.goto(origin + path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await check(`${path} on a phone`);
      }
      await close();
      expect(complaints).toEqual([]);
    });
  }

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

  test('10,000 jobs are a list like any other', { timeout: 600_000 }, async () => {
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
    await page.getByRole('link', { name: new RegExp(`^All ${String(MANY / 1000)},0`) }).waitFor();
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
    const frames = (await page.evaluate(SCROLL)) as { count: number; slow: number; longest: number };
    console.log(
      `scrolling ${MANY} jobs: ${frames.count} frames, ${frames.slow} longer than 50 ms, longest ${frames.longest} ms`,
    );
    expect(frames.slow / frames.count).toBeLessThan(0.2);
    await page.getByRole('searchbox', { name: /^Filter/ }).fill('take-4711');
    await page.getByText('take-4711.txt').waitFor();
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
        void server.queue.progress(claim, {
          percent,
          fps: 100 + percent,
          speed: 4.2,
          eta_seconds: 100 - percent,
        });
      }
    }, 250);
    try {
      await page
        .getByText(/[2-9] %/)
        .first()
        .waitFor();
      const frames = (await page.evaluate(WATCH)) as {
        count: number;
        slow: number;
        longest: number;
        milliseconds: number;
      };
      console.log(
        `${RUNNING} jobs: ${((1000 * frames.count) / frames.milliseconds).toFixed(1)} frames a second, ${frames.slow} longer than 50 ms, longest ${frames.longest} ms`,
      );
      // What a loaded machine without a graphics card still must do.
      expect((1000 * frames.count) / frames.milliseconds).toBeGreaterThan(15);
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
    if (now - start < 3000) requestAnimationFrame(step);
    else resolve(result());
  };
  requestAnimationFrame(step);
})`;
