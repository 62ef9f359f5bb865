/** The page in a real browser. Needs Chromium; with CI=true it may not be missing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import { resultOf, startServer, type TestServer } from '../server/fixtures/server.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const present = existsSync(CHROMIUM);
if (!present) console.warn(`left out: the tests of the page, for there is no Chromium at ${CHROMIUM}`);

/** Where pictures of the page go, when somebody wants to look at them. */
const PICTURES = process.env.MILL_PICTURES;
const MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=2<script>.txt';

describe.skipIf(!present && process.env.CI !== 'true')('the page', { timeout: 60_000 }, () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let server: TestServer;
  let origin: string;
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
  }, 60_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    server = await startServer();
    origin = await server.listen();
    complaints = [];
    context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en-GB' });
    page = await context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    // A violated policy that is not logged is still seen.
    await page.addInitScript(
      `document.addEventListener('securitypolicyviolation', (event) =>
        console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));`,
    );
    await page.goto(origin);
    await page.getByText('Live', { exact: true }).waitFor();
  });
  afterEach(async () => {
    await context.close();
    await server.close();
    expect(complaints).toEqual([]);
  });

  async function chooseFile(name: string, content: string | Buffer = 'hello'): Promise<void> {
    await page.locator('#file').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(content) });
  }

  async function picture(name: string): Promise<void> {
    if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  }

  const jobRow = (name: string) => page.locator('.job', { hasText: name });
  const hacked = () => page.evaluate('window.hacked');

  test('37 a file with markup for a name goes in and its result comes out; nothing of it runs', async () => {
    server.work();
    await page.getByText('No jobs yet.').waitFor();
    await picture('empty');
    await chooseFile(MARKUP, 'shout <script>window.hacked=3</script>');
    await page.getByRole('radio', { name: 'Shout a text' }).check();
    await page.getByLabel(/^Times/).fill('2');
    await page.getByText('Advanced').click();
    await page.getByLabel(/^Steps/).fill('30');
    await picture('form');
    await page.getByRole('button', { name: 'Run job' }).click();

    const row = jobRow('.txt');
    await row.getByText('started').waitFor();
    await row.getByRole('progressbar').waitFor();
    await row.getByText(/\d+ %/).waitFor();
    expect(await row.locator('.facts').textContent()).toMatch(/24\.5 fps · 1\.50× · \d+ s left/);
    await picture('started');
    await row.getByText('finished', { exact: true }).waitFor();
    expect(await row.locator('.name').textContent()).toBe(MARKUP);
    expect(await row.locator('.what').textContent()).toBe('2 × 38 characters');

    await row.locator('.name').click();
    await row.getByText('read 38 characters').waitFor();
    await picture('finished');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      row.getByRole('link', { name: /^Download/ }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/_output\.txt$/);
    expect(await hacked()).toBeUndefined();
    expect(await page.locator('.job img, .job script').count()).toBe(0);
  });

  test('a failure says what happened and what to do, and can be tried again', async () => {
    await chooseFile('silent.txt');
    await page.getByRole('radio', { name: 'Always fails' }).check();
    const worker = server.work();
    await page.getByRole('button', { name: 'Run job' }).click();
    const row = jobRow('silent.txt');
    await row.getByText('The file ends after 3 of 12 seconds. <b>&').waitFor();
    await row.getByText('corrupt_media').first().waitFor();
    await row.locator('.name').click();
    await row.getByText('The file is damaged or cut short. Get a new copy of it.').waitFor();
    await picture('failed');
    await worker.stop();
    await row.getByRole('button', { name: /^Retry/ }).click();
    await row.getByText('queued').waitFor();
    await row.getByRole('button', { name: /^Cancel/ }).click();
    await row.getByText('canceled', { exact: true }).waitFor();
    await row.getByRole('button', { name: 'Remove from the list' }).click();
    await page.getByText('No jobs yet.').waitFor();
  });

  test('a running job is canceled', async () => {
    server.work();
    await chooseFile('long.txt');
    await page.getByRole('radio', { name: 'Shout a text' }).check();
    await page.getByText('Advanced').click();
    await page.getByLabel(/^Steps/).fill('1000');
    await page.getByRole('button', { name: 'Run job' }).click();
    const row = jobRow('long.txt');
    await row.getByText(/\d+ %/).waitFor();
    await row.getByRole('button', { name: /^Cancel/ }).click();
    await row.getByText(/Canceled at \d+ %|Canceled before/).waitFor();
  });

  test('mistakes are said at the field, before the file is sent', async () => {
    await chooseFile('a.txt');
    await page.getByRole('radio', { name: 'Shout a text' }).check();
    await page.getByLabel(/^Times/).fill('1000');
    await page.getByText('Advanced').click();
    await page.getByLabel(/^Save as/).fill('output/a.pdf');
    const answered = page.waitForResponse('**/api/process');
    await page.getByRole('button', { name: 'Run job' }).click();
    expect((await answered).status()).toBe(400);
    await page
      .locator('.row', { hasText: 'Times' })
      .getByText(/"times"/)
      .waitFor();
    expect(await page.evaluate("document.activeElement.getAttribute('aria-invalid')")).toBe('true');
    await picture('mistake');
    await page.getByLabel(/^Times/).fill('3');
    await page.getByRole('button', { name: 'Run job' }).click();
    await page.getByText(/cannot write "\.pdf"/).waitFor();
    expect(await server.files('input')).toEqual([]);
    // The browser itself logs answers that are no success.
    complaints = complaints.filter((one) => !/Failed to load resource/.test(one));
  });

  test('a button that does nothing says why', async () => {
    await page.getByText('Choose a task.').waitFor();
    await page.getByRole('radio', { name: 'Shout a text' }).check();
    await page.getByText('Choose a file for this task.').waitFor();
    await page.getByRole('button', { name: 'Run job' }).click({ force: true });
    expect((await server.queue.counts()).queued).toBe(0);
    await page.getByRole('radio', { name: 'Make noise' }).check();
    await page.getByLabel(/^Size/).fill('10');
    await page.getByRole('button', { name: 'Run job' }).click();
    await page.locator('.job').waitFor();
    await page.getByRole('searchbox', { name: 'Find a task' }).fill('capitals');
    expect(await page.locator('.task:visible').count()).toBe(1);
  });

  test('files are dropped anywhere, several at once', async () => {
    const data = await page.evaluateHandle(`
      (() => {
        const transfer = new DataTransfer();
        for (const name of ['one.txt', 'two.txt']) transfer.items.add(new File(['content'], name, { type: 'text/plain' }));
        return transfer;
      })()`);
    await page.dispatchEvent('body', 'dragenter', { dataTransfer: data });
    expect(await page.evaluate('document.body.className')).toBe('dropping');
    await page.dispatchEvent('body', 'drop', { dataTransfer: data });
    await page.getByText('2 files').waitFor();
    await page.getByRole('button', { name: 'Run 2 jobs' }).click();
    await jobRow('one.txt').waitFor();
    await jobRow('two.txt').waitFor();
  });

  test('shows pictures and players of what came out, and files of a folder', async () => {
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
      'base64',
    );
    await server.finished('/data/output/picture.png', png);
    const { id } = await server.finished('/data/output/set', { 'a.txt': 'a', 'b/c d.txt': 'c' });
    await server.queue.retry(id);
    const claim = await server.queue.claim('w', 60_000);
    if (claim) {
      const outputs = ['a.txt', 'b/c d.txt'].map((name) => ({
        name,
        size_bytes: 1,
        media_type: 'text/plain',
      }));
      await server.queue.complete(claim, { ...resultOf('/data/output/set'), outputs });
    }
    const row = jobRow('set');
    await row.locator('.name').click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      row.getByRole('link', { name: 'b/c d.txt' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('c d.txt');
  });

  test('keeps what it shows when the server goes away, and comes back by itself', async () => {
    await chooseFile('kept.txt');
    await page.getByRole('radio', { name: 'Shout a text' }).check();
    await page.getByRole('button', { name: 'Run job' }).click();
    await jobRow('kept.txt').waitFor();
    const port = Number(new URL(origin).port);
    await server.app.close();
    await page.getByText(/^No connection\. Last update \d/).waitFor();
    await page.getByRole('button', { name: 'Try now' }).waitFor();
    expect(await jobRow('kept.txt').count()).toBe(1);
    await picture('offline');
    complaints = [];

    const next = await startServer();
    await next.app.listen({ host: '127.0.0.1', port });
    await page.getByText('Live', { exact: true }).waitFor();
    // The new server knows nothing of the job.
    await expect.poll(() => jobRow('kept.txt').count()).toBe(0);
    await context.close();
    await next.close();
    complaints = [];
  });

  test('rows do not move under the pointer', async () => {
    const add = (name: string) =>
      server.queue.enqueue([
        { task: 'shout_text', input_path: `/data/input/${name}`, output_path: null, params: {} },
      ]);
    await add('first.txt');
    await jobRow('first.txt').hover();
    await add('second.txt');
    await page.getByText('1 new').waitFor();
    expect(await page.locator('.job').count()).toBe(1);
    await page.getByRole('heading', { name: 'New job' }).hover();
    await jobRow('second.txt').waitFor();
  });

  test('is usable by keyboard and on a phone, in the dark', async () => {
    const failure = new MillError('no_video_stream', 'This file has only sound.').toFailure();
    await server.queue.enqueue([
      {
        task: 'shout_text',
        input_path: '/data/input/a-rather-long-name-that-does-not-fit-on-a-phone.m4a',
        output_path: null,
        params: {},
      },
    ]);
    const claim = await server.queue.claim('w', 60_000);
    if (claim) await server.queue.fail(claim, failure);
    await page.getByText('This file has only sound.').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the jobs');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Choose an audio task, or another file.').waitFor();
    await page.emulateMedia({ colorScheme: 'dark' });
    for (const width of [320, 390, 820, 1080]) {
      await page.setViewportSize({ width, height: 800 });
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow, `at ${width} px`).toBe(0);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await picture('phone-dark');
  });

  test('the description of the API shows without errors', async () => {
    await page.goto(`${origin}/docs/`);
    await page.getByText('/api/enqueue/batch').waitFor();
    await page.getByText('Enqueue a job', { exact: true }).click();
    await page.getByText('The job is durable when this answers.').waitFor();
    await picture('docs');
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

test.runIf(process.env.CI === 'true')('Chromium is there', () => {
  expect(present).toBe(true);
});
