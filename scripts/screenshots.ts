/**
 * Makes the pictures of the README and the docs: starts a server in an empty folder, gives it jobs on media made for
 * the purpose, and photographs each page in Debian's Chromium, light and dark.
 *
 *     node scripts/screenshots.ts [FOLDER] [--widths 390,1440]
 *
 * With widths, every page is taken at each of them, into FOLDER: for looking at, not for the docs.
 */
import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import {
  audioFile,
  colourBars,
  counterVideo,
  cutsVideo,
  textFile,
  truncate,
} from '../test/fixtures/media/index.ts';

const ROOT = join(import.meta.dirname, '..');
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const FILM = 'interview_multicam_take-04_graded_FINAL.mp4';

const JOBS = [
  { task: 'detect_scene_cuts', input_path: `input/${FILM}` },
  { task: 'create_animated_gif', input_path: `input/${FILM}`, params: { duration: 2 } },
  { task: 'resize_to_720p', input_path: 'input/podcast-ep214.mp3' },
  { task: 'normalize_audio', input_path: 'input/podcast-ep214.mp3', params: { target_lufs: -16 } },
  { task: 'generate_waveform_json', input_path: 'input/podcast-ep214.mp3' },
  { task: 'transcode_h264_to_h265', input_path: 'input/mirror-inspection_cam-B.mp4' },
  { task: 'calculate_sha256', input_path: 'input/countdown.mp4' },
  { task: 'extract_thumbnails', input_path: 'input/countdown.mp4', params: { sprite: true } },
  { task: 'verify_file_integrity', input_path: 'input/colour-bars_sync-test.mkv' },
  { task: 'get_video_info', input_path: 'input/notes.mp4' },
  { task: 'resize_to_720p', input_path: `input/${FILM}`, params: { height: 240, crf: 30 } },
  { task: 'transcode_h264_to_h265', input_path: 'input/countdown.mp4', params: { preset: 'veryslow' } },
  { task: 'transcode_h264_to_h265', input_path: `input/${FILM}`, params: { codec: 'libsvtav1' } },
  { task: 'compress_archive', input_path: 'input/countdown.mp4', delay_ms: 14 * 3_600_000 },
];

const { values, positionals } = parseArgs({
  options: { widths: { type: 'string' } },
  allowPositionals: true,
});
const pictures = positionals[0] ?? join(ROOT, 'docs/images');
const widths = values.widths?.split(',').map(Number) ?? [];

const folder = await mkdtemp(join(tmpdir(), 'mill-pictures-'));
const server = spawn(
  process.execPath,
  [join(ROOT, 'bin/mediamill.mjs'), 'serve', '--port', '0', '--log-format', 'json'],
  { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
);
try {
  const url = await answering();
  await fill(url);
  await mkdir(pictures, { recursive: true });
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS });
  const pages = await addresses(url);
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of widths.length > 0 ? widths : [1440])
      await take(browser, url, pages, width, colorScheme);
    if (widths.length === 0) await take(browser, url, { jobs: '/jobs' }, 390, colorScheme);
  }
  await browser.close();
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  await rm(folder, { recursive: true, force: true });
}

function answering(): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = '';
    server.stdout.on('data', (chunk) => {
      log += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0];
      if (found) resolve(found);
    });
    server.once('exit', () => reject(new Error(log)));
  });
}

async function fill(url: string): Promise<void> {
  const input = join(folder, 'data/input');
  const countdown = await counterVideo({ frames: 900, width: 640, height: 360 });
  const files: [string, string][] = [
    [FILM, await cutsVideo({ width: 640, height: 360 })],
    ['countdown.mp4', countdown],
    [
      'mirror-inspection_cam-B.mp4',
      await truncate(await counterVideo({ frames: 250, width: 640, height: 360 }), 0.8),
    ],
    ['colour-bars_sync-test.mkv', await colourBars({ width: 640, height: 360 })],
    ['podcast-ep214.mp3', await audioFile({ codec: 'mp3', seconds: 20 })],
    ['notes.mp4', await textFile()],
  ];
  for (const [name, file] of files) await copyFile(file, join(input, name));
  const post = async (path: string, body: object) => {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(await answer.text());
  };
  await post('/api/recipes/run', { recipe: 'web-video', input_path: `input/${FILM}` });
  for (const job of JOBS) await post('/api/enqueue', { attempts: 1, ...job });
  // Until the slow job is well under way and the quick ones are done.
  for (;;) {
    const { jobs } = await list(url, 'status=started');
    const slow = jobs.find(({ task, input_path }) => /^transcode/.test(task) && /countdown/.test(input_path));
    if ((slow?.progress?.percent ?? 0) > 15) return;
    await sleep(300);
  }
}

interface Listed {
  id: string;
  task: string;
  status: string;
  input_path: string;
  progress: { percent: number | null } | null;
}

async function list(url: string, query: string): Promise<{ jobs: Listed[] }> {
  return (await (await fetch(`${url}/api/jobs?${query}`)).json()) as { jobs: Listed[] };
}

async function addresses(url: string): Promise<Record<string, string>> {
  const { jobs } = await list(url, 'limit=100');
  const job = (task: string, status: string) =>
    `/jobs/${jobs.find((one) => one.task === task && one.status === status)?.id}`;
  const failed = jobs.find(
    ({ input_path, status }) => status === 'failed' && /mirror|podcast/.test(input_path),
  );
  return {
    jobs: '/jobs',
    new: '/new',
    finished: job('resize_to_720p', 'finished'),
    failed: `/jobs/${failed?.id}`,
    sound: job('normalize_audio', 'finished'),
    cuts: job('detect_scene_cuts', 'finished'),
    stills: job('extract_thumbnails', 'finished'),
    // Only to be looked at.
    ...(widths.length > 0 && { run: job('extract_key_frame', 'finished') }),
    system: '/system',
  };
}

async function take(
  browser: Browser,
  url: string,
  pages: Record<string, string>,
  width: number,
  colorScheme: 'light' | 'dark',
): Promise<void> {
  const phone = width < 600;
  const context = await browser.newContext({
    viewport: { width, height: phone ? 844 : 900 },
    colorScheme,
    locale: 'en-GB',
    isMobile: phone,
    hasTouch: phone,
  });
  const page = await context.newPage();
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(url + path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    if (name === 'new') await writeNewJob(page);
    if (name === 'finished') {
      await page
        .waitForFunction('document.querySelector("video")?.readyState >= 2', undefined, { timeout: 20_000 })
        .catch(() => {});
      await page.keyboard.press('Shift+ArrowRight');
    }
    await sleep(2500);
    const kind =
      widths.length > 0 ? `${name}-${width}` : phone ? `${name}-phone` : name === 'jobs' ? 'page' : name;
    await page.screenshot({ path: join(pictures, `${kind}-${colorScheme}.png`) });
  }
  await context.close();
}

async function writeNewJob(page: Page): Promise<void> {
  await page.getByLabel('Choose files', { exact: true }).setInputFiles(join(folder, 'data/input', FILM));
  await page.getByText('Uploaded', { exact: true }).waitFor();
  await page.getByRole('checkbox', { name: /^Convert to H.265/ }).check();
  await page.getByLabel('Bit rate', { exact: true }).fill('1.8');
  await page.getByRole('slider', { name: 'Preset', exact: true }).press('ArrowRight');
}
