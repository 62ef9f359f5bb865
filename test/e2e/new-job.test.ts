/** What a form offers besides its fields: moments from a player, steps, an encoder's own options. */
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { counterVideo } from '../fixtures/media/index.ts';
import { problems } from './axe.ts';
import { chooseFiles, launch, leftOut, type OpenPage, openPage } from './browser.ts';
import { type Program, startProgram } from './program.ts';

interface Job {
  id: string;
  task: string;
  input_path: string | null;
  run: { id: string; recipe: string | null; pass: string | null } | null;
  timeline: { event: string }[];
  params: Record<string, unknown>;
  result: { data: Record<string, unknown> } | null;
}

describe.skipIf(leftOut)('a new job', { timeout: 120_000 }, () => {
  let browser: Browser;
  let program: Program;
  let open: OpenPage;
  let page: Page;
  let film: Buffer;

  beforeAll(async () => {
    [browser, program, film] = await Promise.all([
      launch(),
      startProgram(),
      counterVideo({ frames: 75, width: 320, height: 180 }).then((file) => readFile(file)),
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
    await chooseFiles(page, [{ name: 'take.mp4', content: film, type: 'video/mp4' }]);
    await page.getByText('Uploaded', { exact: true }).waitFor();
  });
  afterEach(async () => {
    const { complaints } = open;
    await open.close();
    expect(complaints).toEqual([]);
  });

  const accessible = async () => expect(await problems(page)).toEqual([]);
  const finished = () => page.getByRole('heading', { level: 1 }).getByText('Finished').waitFor();
  const run = () => page.getByRole('button', { name: /^Run/ }).click();
  const seek = (seconds: number) =>
    page.evaluate(`document.querySelector('video[aria-label=Source]').currentTime = ${seconds}`);
  async function tick(task: string): Promise<void> {
    await page.getByRole('searchbox', { name: 'Find a task' }).fill(task);
    await page
      .getByRole('checkbox', { name: new RegExp(`^${task}`) })
      .first()
      .check();
    await page.getByRole('searchbox', { name: 'Find a task' }).fill('');
  }
  async function stored(): Promise<string[]> {
    const { jobs } = (await (await fetch(`${program.url}/api/jobs`)).json()) as { jobs: Job[] };
    return jobs.flatMap(({ input_path }) => input_path ?? []);
  }
  async function retries(id: string | undefined): Promise<number> {
    const job = (await (await fetch(`${program.url}/api/jobs/${id}`)).json()) as Job;
    return job.timeline.filter(({ event }) => event === 'retried').length;
  }
  async function jobOf(task: string): Promise<Job> {
    const answer = await fetch(`${program.url}/api/jobs?task=${task}`);
    const { jobs } = (await answer.json()) as { jobs: Job[] };
    return jobs[0] as Job;
  }

  test('the frame at which the player stands starts a task, and fills a field', async () => {
    await seek(1.02);
    await page.getByText('00:01.020', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Use this frame', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Single frame: timestamp' }).click();
    const field = page.getByLabel('Timestamp', { exact: true });
    expect(await field.inputValue()).toBe('00:00:01.020');
    await seek(2.22);
    await page.getByText('00:02.220', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Use this frame for timestamp' }).click();
    expect(await field.inputValue()).toBe('00:00:02.220');
    await accessible();
    await run();
    await finished();
    const job = await jobOf('extract_key_frame');
    expect(job.params).toEqual({ timestamp: '00:00:02.220' });
    // 25 frames a second: the one shown then begins at 2.2 s.
    expect(job.result?.data.time_s).toBeCloseTo(2.2, 3);
  });

  test('the preset is a slider with a stop for each; options are completed from the encoder', async () => {
    await tick('Convert to H.265');
    const preset = page.getByRole('slider', { name: 'Preset', exact: true });
    expect(await preset.getAttribute('aria-valuetext')).toBe('medium');
    await preset.focus();
    for (let step = 0; step < 5; step++) await page.keyboard.press('ArrowLeft');
    expect(await preset.getAttribute('aria-valuetext')).toBe('ultrafast');
    await page.getByLabel('Codec', { exact: true }).fill('libsvtav1');
    await expect.poll(() => preset.getAttribute('max')).toBe('13');
    await page.getByLabel('Codec', { exact: true }).fill('libx265');

    await page.getByText('Advanced', { exact: true }).click();
    await page.getByRole('button', { name: 'Add an option' }).click();
    const name = page.getByLabel('Name of an option in Options');
    await name.fill('forced-idt');
    await page.getByRole('button', { name: 'Use forced-idr' }).click();
    await page.getByText(/^if forcing keyframes.*Takes true or false\.$/).waitFor();
    const offered = await page.evaluate(
      '[...document.querySelectorAll("datalist option")].map((one) => one.value)',
    );
    expect(offered).toEqual(expect.arrayContaining(['tune', 'x265-params', 'maxrate', 'true']));
    // Nothing that reads or writes files.
    expect(offered).not.toContain('x265-stats');
    await accessible();
    await page.getByLabel('Value of forced-idr').fill('true');
    await run();
    await finished();
    const { params } = await jobOf('transcode_h264_to_h265');
    expect(params).toMatchObject({ preset: 'ultrafast', options: { 'forced-idr': true } });

    // This browser cannot play what came out: a rendition with the same frames is shown beside the source.
    await page.getByText('preview rendition').waitFor({ timeout: 60_000 });
    await expect
      .poll(
        () =>
          page.evaluate(
            '[...document.querySelectorAll("video")].map((one) => one.readyState >= 2 && one.videoWidth)',
          ),
        { timeout: 60_000 },
      )
      .toEqual([320, 320]);
    for (let step = 0; step < 4; step++) await page.getByRole('button', { name: 'One frame on' }).click();
    await page.getByText(/frame 5 of 75/).waitFor();
    await expect
      .poll(() =>
        page.evaluate(
          '[...document.querySelectorAll("video")].map((one) => Math.floor(one.currentTime * 25))',
        ),
      )
      .toEqual([4, 4]);
    await page.getByRole('button', { name: 'Difference' }).click();
    await page.getByRole('button', { name: 'Difference', pressed: true }).waitFor();
    await accessible();

    await page.getByRole('button', { name: 'Use this frame', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Animated GIF: start' }).click();
    await page.getByRole('heading', { name: 'New job' }).waitFor();
    expect(await page.getByLabel('Start', { exact: true }).first().inputValue()).toBe('00:00:00.180');
    await page.getByText('take.mp4').filter({ visible: true }).first().waitFor();
  });

  test('several outputs of one file are one run; kept as a recipe, they are one tick the next time', async () => {
    await tick('Find scene cuts');
    await tick('Single frame');
    await page.getByText('1 file, 2 outputs from one read').waitFor();
    await page.getByLabel('Name of the recipe').fill('For the Web site');
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    await page.getByText('Kept as the recipe “For the Web site”.').waitFor();
    await page.getByText('api/recipes/run').waitFor();
    await page.getByRole('button', { name: /^Run 2 jobs/ }).click();
    await page.getByText('2 jobs added.').first().waitFor();
    await page.getByRole('row').filter({ hasText: 'Single frame' }).getByRole('link').first().click();
    await finished();
    const panel = page.getByRole('region', { name: 'Run' });
    await panel.getByText('2 outputs from one read of the source').waitFor();
    await accessible();
    await panel.getByRole('link', { name: /Find scene cuts/ }).click();
    await page.getByRole('region', { name: 'Scene cuts' }).waitFor();
    await accessible();
    const steps = [await jobOf('detect_scene_cuts'), await jobOf('extract_key_frame')];
    expect(new Set(steps.map(({ run }) => run?.id)).size).toBe(1);
    expect(steps[0]?.run?.pass).toBe(steps[1]?.run?.pass);

    await page.goto(`${program.url}/new`);
    await chooseFiles(page, [{ name: 'other.mp4', content: film, type: 'video/mp4' }]);
    const recipes = page.getByRole('region', { name: 'Recipes' });
    // The own one is there at once, those of the program on demand.
    await recipes.getByRole('button', { name: /^Show \d+ more recipes/ }).click();
    await recipes.getByRole('checkbox', { name: /^Web video/ }).check();
    await page.getByRole('region', { name: 'Recipe Web video' }).waitFor();
    await recipes.getByRole('checkbox', { name: /^For the Web site/ }).check();
    await page
      .getByRole('region', { name: 'Recipe For the Web site' })
      .getByText('extract_key_frame')
      .waitFor();
    await accessible();
    await page.getByRole('button', { name: /^Run 2 jobs/ }).click();
    await expect
      .poll(async () => (await jobOf('extract_key_frame')).run?.recipe, { timeout: 30_000 })
      .toBe('for-the-web-site@1');
  });

  test('the steps of a run that failed are done again, and no others', async () => {
    await expect.poll(async () => (await stored()).length, { timeout: 30_000 }).toBeGreaterThan(0);
    const answer = await fetch(`${program.url}/api/recipes/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        input_path: (await stored())[0],
        recipe: {
          steps: [
            { id: 'info', task: 'get_video_info' },
            { id: 'late', task: 'create_animated_gif', params: { start: '01:00:00' } },
          ],
        },
      }),
    });
    const { steps } = (await answer.json()) as { steps: { id: string; job_id: string }[] };
    const late = steps.find(({ id }) => id === 'late')?.job_id;
    await page.goto(`${program.url}/jobs/${late}`);
    const panel = page.getByRole('region', { name: 'Run' });
    await panel.getByText('partly done').waitFor();
    await panel.getByRole('button', { name: 'Retry failed steps' }).click();
    await expect.poll(() => retries(late), { timeout: 30_000 }).toBe(1);
    expect(await retries(steps.find(({ id }) => id === 'info')?.job_id)).toBe(0);
  });
});
