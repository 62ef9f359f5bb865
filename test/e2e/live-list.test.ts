/** The list while things happen: what moves, what stays, what is kept when the server goes. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import { startServer, type TestServer } from '../server/fixtures/server.ts';
import { launch, leftOut, type OpenPage, openPage } from './browser.ts';

describe.skipIf(leftOut)('the list of jobs', { timeout: 60_000 }, () => {
  let browser: Browser;
  let open: OpenPage;
  let page: Page;
  let server: TestServer;
  let origin: string;

  beforeAll(async () => {
    browser = await launch();
  }, 60_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    server = await startServer();
    origin = await server.listen();
    open = await openPage(browser, origin);
    page = open.page;
    await page.getByText('Live', { exact: true }).waitFor();
  });
  afterEach(async () => {
    const { complaints } = open;
    await open.close();
    await server.close();
    expect(complaints).toEqual([]);
  });

  const rowOf = (name: string) => page.getByRole('row').filter({ hasText: name });
  const add = (name: string) =>
    server.queue.enqueue([
      { task: 'shout_text', input_path: `/data/input/${name}`, output_path: null, params: {} },
    ]);
  const fail = async (name: string) => {
    await add(name);
    const claim = await server.queue.claim('w', 60_000);
    if (claim)
      await server.queue.fail(
        claim,
        new MillError('no_video_stream', 'This file has only sound.').toFailure(),
      );
  };
  const cursor = () =>
    page.evaluate(
      `document.getElementById(document.querySelector('[role=grid]').getAttribute('aria-activedescendant') ?? '')?.textContent ?? null`,
    );

  test('rows do not move under the pointer; what is new is counted, and shown when asked for', async () => {
    await fail('first.txt');
    await rowOf('first.txt').hover();
    const before = await rowOf('first.txt').boundingBox();
    await add('second.txt');
    await page.getByRole('button', { name: '1 new' }).waitFor();
    expect(await rowOf('second.txt').count()).toBe(0);
    expect(await rowOf('first.txt').boundingBox()).toEqual(before);
    await page.getByRole('button', { name: '1 new' }).click();
    await rowOf('second.txt').waitFor();
    await rowOf('first.txt').hover();
    await add('third.txt');
    await page.getByRole('button', { name: '1 new' }).waitFor();
    await page.getByRole('heading', { name: 'Jobs' }).hover();
    await rowOf('third.txt').waitFor();
  });

  test('keeps what it shows when the server goes away, and comes back by itself', async () => {
    await add('kept.txt');
    await rowOf('kept.txt').waitFor();
    const port = Number(new URL(origin).port);
    await server.app.close();
    await page.getByText(/^No connection\. Last update \d/).waitFor();
    await page.getByRole('button', { name: 'Try now' }).waitFor();
    expect(await rowOf('kept.txt').count()).toBe(1);
    await open.picture('offline');

    const next = await startServer();
    await next.app.listen({ host: '127.0.0.1', port });
    await page.getByText('Live', { exact: true }).waitFor();
    // The new server knows nothing of the job.
    await expect.poll(() => rowOf('kept.txt').count(), { timeout: 15_000 }).toBe(0);
    await next.queue.enqueue([
      { task: 'shout_text', input_path: '/data/input/after.txt', output_path: null, params: {} },
    ]);
    await rowOf('after.txt').waitFor();
    // The browser itself complains of a server that is gone.
    open.complaints.splice(0);
    await open.page.close();
    await next.close();
  });

  test('everything can be done by keyboard', async () => {
    for (const name of ['one.txt', 'two.txt', 'three.txt']) await fail(name);
    for (const name of ['one.txt', 'two.txt', 'three.txt']) await rowOf(name).waitFor();
    // Newest first.
    await page.keyboard.press('j');
    expect(await cursor()).toContain('three.txt');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('k');
    await page.keyboard.press('j');
    expect(await cursor()).toContain('two.txt');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByText('2 jobs selected').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('x');
    await page.getByText('1 job selected').waitFor();
    await page.keyboard.press('Control+a');
    await page.getByText('3 jobs selected').waitFor();
    await page.keyboard.press('r');
    await page.getByText('Retrying 3 jobs.').waitFor();
    await expect.poll(async () => (await server.queue.counts()).queued).toBe(3);
    await page.keyboard.press('z');
    await expect.poll(async () => (await server.queue.counts()).canceled).toBe(3);

    await page.keyboard.press('/');
    await page.keyboard.type('two');
    await expect.poll(() => page.url()).toContain('q=two');
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await page.getByText('No jobs match.').waitFor();
    await page.keyboard.press('Escape');
    await rowOf('two.txt').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Select all that match').waitFor();
    await page.keyboard.press('Escape');

    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Find a job or run a command' }).fill('one.txt');
    await page.getByRole('option').filter({ hasText: 'one.txt' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1 }).getByText('one.txt').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    await rowOf('three.txt').waitFor();
    await page.keyboard.press('Home');
    await page.keyboard.press(' ');
    await page.getByRole('complementary', { name: 'Peek' }).waitFor();
    await page.keyboard.press(' ');
    await page.keyboard.press('Delete');
    await page.getByText('Removed 1 job.').waitFor();
    await page.keyboard.press('z');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1 }).waitFor();
  });

  test('a job that leaves and is back at once stays in the list', async () => {
    for (let round = 0; round < 10; round++) await fail(`round-${round}.txt`);
    await rowOf('round-9.txt').waitFor();
    const { jobs } = await server.queue.list({});
    for (const { id } of jobs) {
      await server.queue.retry(id);
      const claim = await server.queue.claim('w', 60_000);
      if (claim) await server.queue.fail(claim, new MillError('no_video_stream', 'Once more.').toFailure());
    }
    await expect.poll(() => page.getByText('Once more').count(), { timeout: 15_000 }).toBe(10);
  });

  test('what happens while the list is asked for is not lost', async () => {
    await add('moving.txt');
    let asked = 0;
    let answer: () => void = () => {};
    const answering = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route(/\/api\/jobs\?status=/, async (route) => {
      const response = await route.fetch();
      asked++;
      await answering;
      await route.fulfill({ response });
    });
    await page.reload();
    await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    await page.getByText('Live', { exact: true }).waitFor();
    const claim = await server.queue.claim('w', 60_000);
    if (claim) await server.queue.fail(claim, new MillError('no_video_stream', 'Ended early.').toFailure());
    await add('late.txt');
    await page.waitForTimeout(1000);
    answer();
    await page.getByText('Ended early').waitFor();
    await rowOf('late.txt').waitFor();
    expect(await rowOf('moving.txt').count()).toBe(1);
  });

  test('removing all that match can be undone, and spares what ends meanwhile', async () => {
    for (const name of ['one.txt', 'two.txt', 'three.txt']) await fail(name);
    await add('waits.txt');
    await rowOf('waits.txt').waitFor();
    await rowOf('three.txt').waitFor();
    const removeAll = async () => {
      await page.keyboard.press('Control+a');
      await page.getByText('4 jobs selected').waitFor();
      await page.keyboard.press('Delete');
      await page.getByText('Removed all that match and have ended.').waitFor();
      await expect.poll(() => rowOf('two.txt').count()).toBe(0);
      expect(await rowOf('waits.txt').count()).toBe(1);
    };
    await removeAll();
    await page.keyboard.press('z');
    for (const name of ['one.txt', 'two.txt', 'three.txt', 'waits.txt']) await rowOf(name).waitFor();
    expect((await server.queue.counts()).failed).toBe(3);

    await removeAll();
    const claim = await server.queue.claim('w', 60_000);
    if (claim) await server.queue.fail(claim, new MillError('no_video_stream', 'Late.').toFailure());
    await page.getByText('Late').waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await expect.poll(async () => (await server.queue.counts()).failed, { timeout: 15_000 }).toBe(1);
    await rowOf('waits.txt').waitFor();
    expect(await rowOf('one.txt').count()).toBe(0);
  });

  test('the skip link, a phone and the dark', async () => {
    await fail('a-rather-long-name-that-does-not-fit-on-a-phone.m4a');
    await page.getByText('This file has only sound').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    for (const path of ['/jobs', '/new', '/system']) {
      await page.goto(origin + path);
      for (const width of [320, 390, 820, 1080]) {
        await page.setViewportSize({ width, height: 800 });
        await page.getByRole('heading', { level: 1 }).waitFor();
        const spare = await page.evaluate(
          `Math.max(...[document.documentElement, ...document.querySelectorAll('main > *, main > * > div')].map((one) => one.scrollWidth - one.clientWidth))`,
        );
        expect(spare, `${path} at ${width} px`).toBe(0);
      }
    }
  });

  test('filters live in the address', async () => {
    await fail('bad.txt');
    await add('good.txt');
    await rowOf('good.txt').waitFor();
    await page.getByRole('link', { name: /^Failed/ }).click();
    await expect.poll(() => rowOf('good.txt').count()).toBe(0);
    expect(page.url()).toContain('status=failed');
    await page.reload();
    await rowOf('bad.txt').waitFor();
    expect(await rowOf('good.txt').count()).toBe(0);
    await page.getByRole('button', { name: 'Any time' }).click();
    await page.getByRole('menuitem', { name: 'Today' }).click();
    await expect.poll(() => page.url()).toContain('since=day');
    await rowOf('bad.txt').waitFor();
    await page.goBack();
  });
});
