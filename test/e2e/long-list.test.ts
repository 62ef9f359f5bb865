/** A list of many pages while pages of it fail and the connection breaks: it goes on, and keeps its place. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../server/fixtures/server.ts';
import { launch, leftOut, type OpenPage, openPage } from './browser.ts';

const MANY = 1500;
/** Address of a page that is not the first. */
const LATER_PAGE = /\/api\/jobs\?.*cursor=/;

describe.skipIf(leftOut)('a long list', { timeout: 120_000 }, () => {
  let browser: Browser;
  let server: TestServer;
  let open: OpenPage;
  let page: Page;

  beforeAll(async () => {
    browser = await launch();
    server = await startServer();
    const origin = await server.listen();
    for (let at = 0; at < MANY; at += 500) {
      await server.queue.enqueue(
        Array.from({ length: 500 }, (_, index) => ({
          task: 'shout_text',
          input_path: `/data/input/take-${at + index}.txt`,
          output_path: null,
          params: {},
        })),
      );
    }
    const answer = await fetch(`${origin}/api/jobs/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ action: 'cancel', filter: { status: ['queued'] } }),
    });
    expect(answer.status).toBe(200);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  beforeEach(async () => {
    open = await openPage(browser, await server.listen());
    page = open.page;
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText(`take-${MANY - 1}.txt`).waitFor();
  });
  afterEach(() => open.close());

  const rows = () => page.getByRole('grid', { name: 'Jobs' }).getAttribute('aria-rowcount').then(Number);
  const scrollUntil = (count: number) =>
    expect
      .poll(
        async () => {
          await page.evaluate(TO_THE_END);
          return rows();
        },
        { timeout: 60_000, interval: 50 },
      )
      .toBeGreaterThan(count)
      .then(() => page.evaluate(TO_THE_END));
  const place = () => page.evaluate(PLACE) as Promise<{ top: number; name: string }>;

  test('goes on from where it is after the connection was lost, and keeps its place', async () => {
    await scrollUntil(700);
    await page.evaluate("document.querySelector('[role=grid]').scrollTop = 9000");
    // 204 rows of 44 px and a heading further down.
    await expect.poll(place).toEqual({ top: 9000, name: 'take-1295' });
    const again = page.waitForResponse((answer) => answer.url().endsWith('/api/events'));
    server.app.server.closeAllConnections();
    await page.getByText(/^No connection/).waitFor();
    await again;
    await page.getByText('Live', { exact: true }).waitFor();
    await page.waitForTimeout(1000);
    expect(await place()).toEqual({ top: 9000, name: 'take-1295' });
    await scrollUntil(MANY);
    await page.getByText('take-0.txt').waitFor();
  });

  test('End leads to the oldest job, wherever it is', async () => {
    await page.keyboard.press('End');
    await page.getByText('take-0.txt').waitFor();
    expect(await rows()).toBeGreaterThan(MANY);
    expect((await place()).top).toBeGreaterThan(44 * (MANY - 100));
    await page.keyboard.press('Home');
    await page.getByText(`take-${MANY - 1}.txt`).waitFor();
  });

  test('asks again for a page that failed, by itself and when told', async () => {
    let failures = 0;
    await page.route(LATER_PAGE, async (route) => {
      if (++failures > 3) return route.continue();
      if (failures === 1) return route.abort();
      const status = failures === 2 ? 429 : 500;
      await route.fulfill({
        status,
        contentType: 'application/problem+json',
        body: JSON.stringify({ code: 'rate_limited', detail: 'Too many.', facts: { retry_after_s: 1 } }),
      });
    });
    await page.evaluate(TO_THE_END);
    await page.getByText(/^More jobs could not be loaded/).waitFor();
    await page.getByRole('button', { name: 'Try now' }).click();
    await scrollUntil(MANY);
    expect(failures).toBeGreaterThan(3);
    await page.getByText('take-0.txt').waitFor();
  });

  test('the queue is as long as it is, in the order in which it is worked off', async () => {
    const other = await startServer();
    const origin = await other.listen();
    for (let at = 0; at < 1300; at += 650) {
      await other.queue.enqueue(
        Array.from({ length: 650 }, (_, index) => ({
          task: 'shout_text',
          input_path: `/data/input/wait-${at + index}.txt`,
          output_path: null,
          params: {},
          ...(at + index === 1299 && { priority: 90 }),
        })),
      );
    }
    await page.goto(`${origin}/jobs`);
    await page.getByRole('button', { name: 'Show 1,297 more' }).click();
    // The most urgent one, then the oldest.
    const name = async (index: number) =>
      /wait-\d+/.exec((await page.locator(`[aria-rowindex="${index}"]`).textContent()) ?? '')?.[0];
    expect([await name(2), await name(3), await name(4)]).toEqual(['wait-1299', 'wait-0', 'wait-1']);
    await scrollUntil(1300);
    await page.getByText('wait-1298.txt').waitFor();
    await page.goto(`${origin}/jobs?status=queued`);
    await page.getByText('wait-1299.txt').waitFor();
    await page.keyboard.press('End');
    await page.getByText('wait-1298.txt').waitFor();
    await page.goto('about:blank');
    await other.close();
  });

  test('goes on when the last row that is shown has gone elsewhere', async () => {
    await page.evaluate("document.querySelector('[role=grid]').scrollTop = 500");
    await page.waitForTimeout(300);
    const listed = await server.queue.list({ status: ['canceled'], limit: 200 });
    const last = listed.jobs.at(-1);
    if (last) await server.queue.retry(last.id);
    await page.waitForTimeout(500);
    await scrollUntil(MANY - 1);
    if (last) await server.queue.cancel(last.id);
  });
});

const TO_THE_END = `{
  const list = document.querySelector('[role=grid]');
  list.scrollTop = list.scrollHeight;
}`;

/** The row at the upper edge of the list, and how far it is scrolled. */
const PLACE = `(() => {
  const list = document.querySelector('[role=grid]');
  const edge = list.getBoundingClientRect().top + 30;
  const row = [...list.querySelectorAll('[role=row]')].find((one) => one.getBoundingClientRect().bottom > edge);
  return { top: list.scrollTop, name: /take-\\d+/.exec(row?.textContent ?? '')?.[0] ?? '' };
})()`;
