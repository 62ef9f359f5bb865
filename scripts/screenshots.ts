/**
 * Makes the pictures of the README: starts a server in an empty folder, gives it a few jobs on media made for
 * the purpose, and photographs the page in Debian's Chromium.
 *
 *     node scripts/screenshots.ts
 */
import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { audioFile, counterVideo, cutsVideo, textFile } from '../test/fixtures/media/index.ts';

const ROOT = join(import.meta.dirname, '..');
const PICTURES = join(ROOT, 'docs/images');
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const JOBS = [
  { task: 'detect_scene_cuts', input_path: 'input/interview.mp4' },
  { task: 'create_animated_gif', input_path: 'input/interview.mp4', params: { duration: 2 } },
  { task: 'resize_to_720p', input_path: 'input/podcast-ep214.mp3' },
  { task: 'normalize_audio', input_path: 'input/podcast-ep214.mp3', params: { target_lufs: -16 } },
  { task: 'get_video_info', input_path: 'input/notes.mp4' },
  { task: 'calculate_sha256', input_path: 'input/countdown.mp4' },
  { task: 'extract_thumbnails', input_path: 'input/countdown.mp4', params: { sprite: true } },
  { task: 'transcode_h264_to_h265', input_path: 'input/countdown.mp4', params: { preset: 'veryslow' } },
  { task: 'resize_to_720p', input_path: 'input/interview.mp4', params: { height: 144 } },
];

const folder = await mkdtemp(join(tmpdir(), 'mill-pictures-'));
const server = spawn(
  process.execPath,
  [join(ROOT, 'bin/mediamill.mjs'), 'serve', '--port', '0', '--log-format', 'json'],
  { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
);
try {
  const url = await new Promise<string>((resolve, reject) => {
    let log = '';
    server.stdout.on('data', (chunk) => {
      log += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0];
      if (found) resolve(found);
    });
    server.once('exit', () => reject(new Error(log)));
  });
  const input = join(folder, 'data/input');
  await copyFile(await cutsVideo({ width: 640, height: 360 }), join(input, 'interview.mp4'));
  await copyFile(await counterVideo({ frames: 900, width: 640, height: 360 }), join(input, 'countdown.mp4'));
  await copyFile(await audioFile({ codec: 'mp3', seconds: 20 }), join(input, 'podcast-ep214.mp3'));
  await copyFile(await textFile(), join(input, 'notes.mp4'));
  for (const job of JOBS) {
    const answer = await fetch(`${url}/api/enqueue`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(job),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }
  await waitForRunning(url);
  await mkdir(PICTURES, { recursive: true });
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS });
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, colorScheme });
    await page.goto(url);
    await page.getByText('Resize video').first().waitFor();
    await sleep(1000);
    await page.screenshot({ path: join(PICTURES, `page-${colorScheme}.png`) });
    await page.close();
  }
  await browser.close();
} finally {
  server.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
}

/** Until the slow job is well under way and the quick ones are done. */
async function waitForRunning(url: string): Promise<void> {
  for (;;) {
    const { jobs } = (await (await fetch(`${url}/api/jobs?status=started`)).json()) as {
      jobs: { progress: { percent: number | null } | null }[];
    };
    if (jobs.some(({ progress }) => (progress?.percent ?? 0) > 15)) return;
    await sleep(200);
  }
}
