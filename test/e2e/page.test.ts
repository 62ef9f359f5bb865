/** What people do with the page, in a real browser, on a server with small jobs. */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import openRecipesFolder from '../../src/recipes/folder.ts';
import { registry } from '../server/fixtures/jobs.ts';
import { resultOf, startServer, type TestServer } from '../server/fixtures/server.ts';
import { chooseFiles, launch, leftOut, type OpenPage, openPage, present } from './browser.ts';

const MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=2<script>.txt';
const RIGHT_TO_LEFT = 'ندوة-الأرشيف-الجزء-الثاني.txt';
const LONG = `${'a-very-long-name-that-fits-nowhere_'.repeat(6)}the-end.txt`;

describe.skipIf(leftOut)('the page', { timeout: 60_000 }, () => {
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
    server = await startServer({
      recipes: (folder) =>
        openRecipesFolder({ folder: join(folder, 'own'), shipped: join(folder, 'shipped'), registry }),
    });
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
  const hacked = () => page.evaluate('window.hacked');
  const run = () => page.getByRole('button', { name: /^Run/ }).click();

  async function tick(task: string): Promise<void> {
    await page.getByRole('searchbox', { name: 'Find a task' }).fill(task);
    await page.getByRole('checkbox', { name: task }).check();
    await page.getByRole('searchbox', { name: 'Find a task' }).fill('');
  }

  async function begin(task: string, file?: { name: string; content?: string }): Promise<void> {
    await page.getByRole('link', { name: 'New job' }).first().click();
    if (file) {
      await chooseFiles(page, [file]);
      await page.getByText('Uploaded', { exact: true }).waitFor();
    }
    await tick(task);
  }

  test('37 names and contents full of markup are text, from the file to its result', async () => {
    server.work();
    await page.getByText('No jobs yet.').waitFor();
    await begin('Shout a text', { name: MARKUP, content: 'shout <script>window.hacked=3</script>' });
    await page.getByLabel('Times', { exact: true }).fill('2');
    await page.getByText('Advanced', { exact: true }).click();
    await page.getByLabel('Steps', { exact: true }).fill('80');
    await open.picture('form');
    await run();

    await page.getByRole('heading', { level: 1 }).getByText('Started').waitFor();
    await page.getByRole('progressbar', { name: /^Progress of/ }).waitFor();
    await page.getByText(/24\.5 fps/).waitFor();
    await page.getByRole('heading', { level: 1 }).getByText('Finished').waitFor();
    await page.getByText('read 38 characters').waitFor();
    await open.picture('finished');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download', exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/\.txt$/);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain(MARKUP);

    await page.getByRole('link', { name: 'Jobs', exact: true }).first().click();
    await rowOf('2 × 38 characters').waitFor();
    expect(await rowOf('2 × 38 characters').getByRole('link').textContent()).toBe(MARKUP);
    expect(await hacked()).toBeUndefined();
    expect(await page.locator('main img[src="x"], main script').count()).toBe(0);
  });

  test('names that run from right to left, and very long ones, keep their end and their place', async () => {
    for (const name of [RIGHT_TO_LEFT, LONG]) {
      const form = new FormData();
      form.append('task', 'shout_text');
      form.append('file', new Blob(['x']), name);
      expect((await fetch(`${origin}/api/process`, { method: 'POST', body: form })).status).toBe(200);
    }
    for (const width of [320, 390, 820, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await page.getByText('the-end.txt').waitFor();
      expect(await overflow(page), `at ${width} px`).toBe(0);
    }
    const direction = `getComputedStyle([...document.querySelectorAll('.cut')].find((one) => one.textContent.includes('ندوة'))).direction`;
    expect(await page.evaluate(direction)).toBe('rtl');
  });

  test('a failure says what happened and offers ways out, one of them first', async () => {
    const worker = server.work();
    await begin('Always fails', { name: 'silent.txt' });
    await run();
    await page.getByRole('heading', { name: /The file ends after 3 of 12 seconds/ }).waitFor();
    await page.getByText('corrupt_media').first().waitFor();
    expect(await page.locator('ol .btn-primary').count()).toBeLessThanOrEqual(1);
    expect(await page.locator('ol > li .btn').count()).toBeGreaterThan(0);
    await open.picture('failed');
    await worker.stop();

    await page.getByRole('button', { name: 'Retry as is' }).first().click();
    await page.getByText('Retrying 1 job.').waitFor();
    await page.getByText('Waits for a worker').waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByText('Canceled 1 job.').waitFor();
    await page.getByRole('heading', { level: 1 }).getByText('Canceled').waitFor();
    // What was canceled comes back.
    await page.keyboard.press('z');
    await page.getByText('Waits for a worker').waitFor();
  });

  test('a running job is canceled, and a job that is removed comes back', async () => {
    server.work();
    await begin('Shout a text', { name: 'long.txt' });
    await page.getByText('Advanced', { exact: true }).click();
    await page.getByLabel('Steps', { exact: true }).fill('1000');
    await run();
    await page.getByRole('heading', { level: 1 }).getByText('Started').waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('heading', { level: 1 }).getByText('Canceled').waitFor();

    await page.getByRole('link', { name: 'Jobs', exact: true }).first().click();
    await rowOf('long.txt').hover();
    await page.getByRole('button', { name: 'Remove long.txt' }).click();
    await page.getByText('No jobs yet.').waitFor();
    await page.getByRole('button', { name: /^Undo/ }).last().click();
    await rowOf('long.txt').waitFor();
    expect((await server.queue.counts()).canceled).toBe(1);
  });

  test('mistakes are said at the field, and what the server finds too', async () => {
    await begin('Shout a text', { name: 'a.txt' });
    await page.getByLabel('Times', { exact: true }).fill('1000');
    const field = page.locator('[data-field="times"]');
    await field.getByText('Ask for 1 to 100 copies.').waitFor();
    await run();
    await page.getByText('Fix 1 option').waitFor();
    expect(await page.evaluate('document.activeElement.closest("[data-field]")?.dataset.field')).toBe(
      'times',
    );
    await open.picture('mistake');
    await field.getByRole('button', { name: 'Use 100' }).click();
    expect(await page.getByLabel('Times', { exact: true }).inputValue()).toBe('100');
    await page.getByLabel('Save as').fill('a.pdf');
    await run();
    await page.getByText(/cannot write "\.pdf"/).waitFor();
    await page.getByRole('button', { name: /^Reset 1 changed/ }).click();
    expect((await server.queue.counts()).queued).toBe(0);
  });

  test('a button that does nothing says why', async () => {
    await page.keyboard.press('n');
    await page.getByText('Choose what to make.').waitFor();
    await tick('Make noise');
    await page.getByRole('button', { name: /^Run/ }).click();
    await page.locator('[data-field="size"]').getByText('This is needed.').waitFor();
    await page.getByLabel(/^Size/).fill('10');
    await page.getByRole('tab', { name: 'mediamill' }).click();
    await page.getByText(/mediamill enqueue make_noise/).waitFor();
    await page.getByRole('tab', { name: 'JSON' }).click();
    await page.getByText('"size": 10').waitFor();
    await run();
    await page.getByText('Waits for a worker').waitFor();
  });

  test('files are dropped anywhere, several at once, and get one choice', async () => {
    const data = await page.evaluateHandle(`
      (() => {
        const transfer = new DataTransfer();
        for (const name of ['one.txt', 'two.txt']) transfer.items.add(new File(['content'], name, { type: 'text/plain' }));
        return transfer;
      })()`);
    await page.dispatchEvent('body', 'dragenter', { dataTransfer: data });
    await page.getByText('Drop to add 2 files').waitFor();
    await page.dispatchEvent('body', 'drop', { dataTransfer: data });
    await page.getByRole('heading', { name: /^2 files/ }).waitFor();
    await tick('Shout a text');
    await page.getByRole('button', { name: /^Run 2 jobs/ }).click();
    await page.getByRole('row').filter({ hasText: 'one.txt' }).waitFor();
    await page.getByRole('row').filter({ hasText: 'two.txt' }).waitFor();
  });

  test('several outputs of one file are ticked at once, and kept as a recipe', async () => {
    await begin('Shout a text', { name: 'both.txt' });
    await tick('Cut into pages');
    await page.getByText('2 outputs').first().waitFor();
    await page.getByLabel('Name of the recipe').fill('Pages and shouts');
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    await page.getByRole('button', { name: /^Run 2 jobs/ }).click();
    await expect.poll(async () => (await server.queue.counts()).queued).toBe(2);
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    await page.keyboard.press('n');
    await chooseFiles(page, [{ name: 'again.txt' }]);
    await page.getByRole('checkbox', { name: /^Pages and shouts/ }).check();
    await page.getByRole('button', { name: 'Change its outputs' }).click();
    await page.getByRole('region', { name: 'Cut into pages' }).waitFor();
    await page.getByRole('button', { name: /^Run 2 jobs/ }).waitFor();
  });

  test('files of a folder are listed and downloaded one by one', async () => {
    const { id } = await server.finished('/data/output/set', { 'a.txt': 'a', 'b/c d.txt': 'c' });
    await server.queue.retry(id);
    const claim = await server.queue.claim('w', 60_000);
    const outputs = ['a.txt', 'b/c d.txt'].map((name) => ({ name, size_bytes: 1, media_type: 'text/plain' }));
    if (claim) await server.queue.complete(claim, { ...resultOf('/data/output/set'), outputs });
    await rowOf('set').getByRole('link').click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: /c d\.txt/ }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('c d.txt');
    const both: string[] = [];
    page.on('download', (one) => both.push(one.suggestedFilename()));
    await page.keyboard.press('d');
    await expect.poll(() => both.length).toBe(2);
  });

  test('the queue is paused and resumed', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.getByRole('heading', { name: 'System' }).waitFor();
    await page.getByRole('button', { name: 'Pause the queue' }).click();
    await page.getByText(/^The queue is paused/).waitFor();
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByRole('button', { name: 'Pause the queue' }).waitFor();
  });

  test('the description of the API shows without errors', async () => {
    await page.goto(`${origin}/docs/`);
    await page.getByText('/api/enqueue/batch').waitFor();
    await page.getByText('Enqueue a job', { exact: true }).click();
    await page.getByText('The job is durable when this answers.').waitFor();
  });

  test('an output that is a page is never opened as one', async () => {
    const script = '<script>window.hacked=1;document.title="hacked"</script>';
    for (const name of ['evil.html', 'evil.svg']) {
      const { id } = await server.finished(
        `/data/output/${name}`,
        name.endsWith('svg') ? `<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>` : script,
      );
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.goto(`${origin}/api/jobs/${id}/output`).catch(() => null),
      ]);
      expect(download.suggestedFilename()).toBe(name);
    }
    expect(await hacked()).toBeUndefined();
  });
});

async function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

test.runIf(process.env.CI === 'true')('Chromium is there', () => {
  expect(present).toBe(true);
});
