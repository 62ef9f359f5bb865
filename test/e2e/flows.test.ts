/** From a file to its result with real jobs, on the program as users start it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { audioFile, counterVideo, cutsVideo } from '../fixtures/media/index.ts';
import { chooseFiles, launch, leftOut, type OpenPage, openPage } from './browser.ts';
import { type Program, startProgram } from './program.ts';

describe.skipIf(leftOut)('from a file to its result', { timeout: 120_000 }, () => {
  let browser: Browser;
  let program: Program;
  let open: OpenPage;
  let page: Page;
  let film: Buffer;
  let cuts: Buffer;
  let sound: Buffer;

  beforeAll(async () => {
    [browser, program, film, cuts, sound] = await Promise.all([
      launch(),
      startProgram(),
      counterVideo({ frames: 50, width: 320, height: 180 }).then((file) => readFile(file)),
      cutsVideo({ width: 320, height: 180 }).then((file) => readFile(file)),
      audioFile({ codec: 'mp3', seconds: 4 }).then((file) => readFile(file)),
    ]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await program?.close();
  });
  beforeEach(async () => {
    open = await openPage(browser, `${program.url}/new`);
    page = open.page;
    page.setDefaultTimeout(45_000);
  });
  afterEach(async () => {
    const { complaints } = open;
    await open.close();
    expect(complaints).toEqual([]);
  });

  const film1 = () => [{ name: 'Súlan Látrabjarg «take» 04.mp4', content: film, type: 'video/mp4' }];

  async function tick(task: string): Promise<void> {
    await page.getByRole('searchbox', { name: 'Find a task' }).fill(task);
    await page
      .getByRole('checkbox', { name: new RegExp(`^${task}`) })
      .first()
      .check();
    await page.getByRole('searchbox', { name: 'Find a task' }).fill('');
  }
  const finished = () => page.getByRole('heading', { level: 1 }).getByText('Finished').waitFor();
  const run = () => page.getByRole('button', { name: /^Run/ }).click();

  test('a film is uploaded, told what it is, made smaller, and compared frame by frame', async () => {
    await chooseFiles(page, film1());
    // At once, from the file itself; then from the server.
    await page.getByText('320×180').first().waitFor();
    await page.getByText('Uploaded', { exact: true }).waitFor();
    await page.getByText('25 fps').first().waitFor();
    await tick('Resize video');
    await page.getByLabel('Height', { exact: true }).fill('90');
    await run();
    await finished();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('«take»');

    const result = page.getByLabel('Result', { exact: true });
    await result.waitFor();
    const times = () =>
      page.evaluate('[...document.querySelectorAll("video")].map((one) => one.currentTime)') as Promise<
        number[]
      >;
    await expect.poll(async () => (await times()).length, { timeout: 30_000 }).toBe(2);
    await expect
      .poll(
        () => page.evaluate('[...document.querySelectorAll("video")].every((one) => one.readyState >= 2)'),
        { timeout: 30_000 },
      )
      .toBe(true);
    for (let step = 0; step < 3; step++) await page.getByRole('button', { name: 'One frame on' }).click();
    await page.getByText(/frame 4 of 50/).waitFor();
    await expect
      .poll(async () => new Set((await times()).map((time) => Math.floor(time * 25))), { timeout: 15_000 })
      .toEqual(new Set([3]));
    const line = page.getByRole('slider', { name: 'Line between source and result' });
    await line.focus();
    await page.keyboard.press('ArrowRight');
    expect(await line.getAttribute('aria-valuenow')).toBe('52');
    await page.keyboard.press('3');
    await expect
      .poll(() =>
        result
          .evaluate('(one) => 0')
          .then(() =>
            page.evaluate(
              'getComputedStyle(document.querySelector("video[aria-label=Result]")).mixBlendMode',
            ),
          ),
      )
      .toBe('difference');
    await page.keyboard.press('2');
    await page.getByRole('button', { name: 'Side by side', pressed: true }).waitFor();
    await page.getByText('Peak memory').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download', exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/\.mp4$/);
  });

  test('one file gives several results: cuts on a strip, stills in a grid', async () => {
    await chooseFiles(page, [{ name: 'cuts.mp4', content: cuts, type: 'video/mp4' }]);
    await tick('Find scene cuts');
    await tick('Thumbnails');
    await page.getByText('Uploaded', { exact: true }).waitFor();
    await page.getByRole('button', { name: /^Run 2 jobs/ }).click();
    await page.getByText(/3 cuts in/).waitFor();
    await page.getByText(/thumbnails of/).waitFor();
    await page.getByRole('row').filter({ hasText: '3 cuts in' }).getByRole('link').click();
    await page.getByRole('region', { name: 'Scene cuts' }).waitFor();
    await page.getByText('3 cuts', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'JSON', exact: true }).first().click();
    await page.getByText('"threshold"').or(page.getByText('"time_s"')).first().waitFor();
    await page.getByRole('link', { name: 'Jobs', exact: true }).first().click();
    await page.getByRole('row').filter({ hasText: 'thumbnails of' }).getByRole('link').click();
    await page.getByRole('button', { name: /^Show thumb_0001/ }).click();
    await page.getByRole('dialog').getByRole('img').waitFor();
    await page.keyboard.press('Escape');
  });

  test('sound: two waveforms, and a failure that leads to a task that works', async () => {
    await chooseFiles(page, [{ name: 'podcast.mp3', content: sound, type: 'audio/mpeg' }]);
    await page.getByText('Uploaded', { exact: true }).waitFor();
    await tick('Normalize loudness');
    await run();
    await finished();
    await page
      .getByText(/→ .*LUFS/)
      .first()
      .waitFor();
    await page.getByRole('img', { name: 'Waveform of the result' }).waitFor();

    // The page would not offer it; somebody's script did.
    const answer = await fetch(`${program.url}/api/jobs?task=normalize_audio`);
    const { jobs } = (await answer.json()) as { jobs: { input_path: string }[] };
    const input_path = jobs[0]?.input_path;
    const enqueued = await fetch(`${program.url}/api/enqueue`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ task: 'resize_to_720p', input_path }),
    });
    const { job_id } = (await enqueued.json()) as { job_id: string };
    await page.goto(`${program.url}/jobs/${job_id}`);
    await page.getByText('no_video_stream').first().waitFor();
    expect(await page.locator('ol .btn-primary').count()).toBe(1);
    await page.getByRole('link', { name: /waveform/i }).click();
    await page.getByRole('heading', { name: 'New job' }).waitFor();
    await page
      .getByRole('checkbox', { name: /^Waveform/ })
      .and(page.locator(':checked'))
      .waitFor();
    await run();
    await finished();
  });

  test('an upload that was interrupted goes on where it stopped, after the page was loaded anew', async () => {
    // The same file twice: name, size and time of the last change tell it.
    const large = join(program.folder, 'large.bin');
    await writeFile(large, Buffer.alloc(18 * 1024 * 1024, 7));
    const choose = () => page.getByLabel('Choose files', { exact: true }).setInputFiles(large);
    let cut = true;
    let sent = 0;
    await page.route('**/api/uploads/**', async (route) => {
      if (route.request().method() !== 'PATCH') return route.continue();
      sent++;
      // The second part and what follows never arrive.
      if (cut && sent > 1) return route.abort();
      return route.continue();
    });
    await choose();
    await expect.poll(() => sent, { timeout: 30_000 }).toBeGreaterThan(1);
    await page.getByRole('button', { name: /^Pause/ }).click();
    await page.getByText('paused').waitFor();
    cut = false;
    await page.reload();
    const offsets: number[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']));
    });
    await choose();
    await page.getByText(/^Uploaded, resumed where it had stopped/).waitFor();
    expect(offsets[0]).toBeGreaterThan(0);
    open.complaints.splice(0);
  });

  test('the page survives a restart of the program', async () => {
    await page.goto(`${program.url}/jobs`);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('cuts.mp4').first().waitFor();
    await program.restart();
    await page.getByText('cuts.mp4').first().waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.goto(`${program.url}/system`);
    await page.getByText('libx264').waitFor();
    await page.getByText('processing.max_workers').waitFor();
    open.complaints.splice(0);
  });
});
