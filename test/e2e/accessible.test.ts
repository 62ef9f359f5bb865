/** Every page, by axe: in the light and in the dark, on a desk and on a phone. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import { startServer, type TestServer } from '../server/fixtures/server.ts';
import { problems, problemsOfColour } from './axe.ts';
import { launch, leftOut, openPage } from './browser.ts';

describe.skipIf(leftOut)('the page for everybody', { timeout: 120_000 }, () => {
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

  /** A page that changes its colours at once, and the check of what it shows in both. */
  async function open(viewport?: { width: number; height: number }) {
    const opened = await openPage(browser, `${origin}/jobs`, {
      reducedMotion: 'reduce',
      ...(viewport && { viewport }),
    });
    const { page } = opened;
    const check = async (where: string) => {
      await turn(page, 'light');
      expect(await problems(page), where).toEqual([]);
      await turn(page, 'dark');
      expect(await problemsOfColour(page), `${where}, in the dark`).toEqual([]);
    };
    return { ...opened, check };
  }

  test('axe finds nothing on the list, nor on what opens over it', async () => {
    const { page, complaints, close, check } = await open();
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
    await close();
    expect(complaints).toEqual([]);
  });

  test('axe finds nothing on any other page', async () => {
    const { page, complaints, close, check } = await open();
    for (const [path, text] of [
      [`/jobs/${failed}`, 'It ends too soon'],
      [`/jobs/${finished}`, 'Took'],
      ['/new?task=shout_text', 'What to make'],
      ['/new?task=join_files', 'Others'],
      ['/system', 'Workers'],
      ['/jobs?status=canceled', 'No jobs match.'],
    ] as const) {
      await page.goto(origin + path);
      await page.getByText(text).first().waitFor();
      await check(path);
    }
    await close();
    expect(complaints).toEqual([]);
  });

  test('axe finds nothing on a phone', async () => {
    const { page, complaints, close, check } = await open({ width: 390, height: 844 });
    for (const path of ['/jobs', '/new?task=shout_text', '/system', `/jobs/${failed}`]) {
      await page.goto(origin + path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await check(`${path} on a phone`);
    }
    await close();
    expect(complaints).toEqual([]);
  });
});

async function turn(page: Page, theme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.locator(`html[data-theme=${theme}]`).waitFor();
}
