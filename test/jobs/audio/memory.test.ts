/** Many jobs in one child process leave its memory flat: sound is decoded into memory that nobody must keep. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { audioFile } from '../../fixtures/media/index.ts';
import { LIMITS, testFolder, testHost, testOrder } from '../../runner/fixtures/hosts.ts';

const JOBS = 75;
/** The heap of a young process grows until the first large collections. */
const WARM_UP = 20;
const MiB = 1024 ** 2;

it.each([
  ['generate_waveform_json', 'out.json', {}],
  ['resample_audio', 'out.mp3', {}],
  ['get_audio_info', 'out.json', { loudness: true }],
])(`${JOBS} × %s in one child`, { timeout: 120_000 }, async (task, target, params) => {
  const host = testHost({ registryModule: undefined, jobsPerChild: JOBS + 1 });
  const input = await audioFile({ codec: 'mp3', seconds: 3 });
  const work = await testFolder();
  const peaks: number[] = [];
  const pids = new Set<number | null>();
  for (let i = 0; i < JOBS; i++) {
    const { metrics } = await host.run(await testOrder(task, { input, target, work, params }), LIMITS);
    peaks.push((metrics.peak_memory_bytes as number) / MiB);
    pids.add(host.pid);
    for (const name of await readdir(work)) await rm(join(work, name));
  }
  expect(pids.size).toBe(1);
  const early = Math.max(...peaks.slice(WARM_UP, 2 * WARM_UP));
  const late = Math.max(...peaks.slice(-WARM_UP));
  // The decoded sound is 1.1 MiB: kept by every job, it would be 38 MiB between the two spans.
  expect(late, `${early.toFixed(0)} MiB after ${WARM_UP} jobs`).toBeLessThan(early + 24);
});
