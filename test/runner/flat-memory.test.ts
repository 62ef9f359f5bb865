import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { counterVideo } from '../fixtures/media/index.ts';
import { LIMITS, testFolder, testHost, testOrder } from './fixtures/hosts.ts';

const JOBS = 300;
/** The heap of a young process grows, up and down, until its large collections have found their measure. */
const WARM_UP = 150;
const WINDOW = 50;
const MiB = 1024 ** 2;

async function randomFile(): Promise<string> {
  const file = join(await testFolder(), 'input.bin');
  await writeFile(file, randomBytes(4 * MiB));
  return file;
}

// The margin is what V8 may do as it likes: a leak of 0.4 MiB a job is above it.
it.each([
  ['calculate_sha256', 'a.sha256', randomFile],
  ['get_video_info', 'a.json', () => counterVideo({ frames: 25 })],
])(`${JOBS} × %s in one child leave its memory flat`, async (task, target, makeInput) => {
  const host = testHost({ registryModule: undefined, jobsPerChild: JOBS + 1 });
  const [input, work] = [await makeInput(), await testFolder()];
  const peaks: number[] = [];
  const pids = new Set<number | null>();
  for (let i = 0; i < JOBS; i += 1) {
    const { metrics } = await host.run(await testOrder(task, { input, target, work }), LIMITS);
    peaks.push(metrics.peak_memory_bytes as number);
    pids.add(host.pid);
  }
  expect(pids.size).toBe(1);
  const highest = (part: number[]) => Math.max(...part) / MiB;
  expect(highest(peaks.slice(-WINDOW))).toBeLessThan(highest(peaks.slice(WARM_UP, WARM_UP + WINDOW)) + 32);
});
