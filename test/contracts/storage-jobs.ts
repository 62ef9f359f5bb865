/** Every task must work on every storage: their examples, run by a worker, with the outputs read back from it. */
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyJob } from '../../src/core/job.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import type { JobResult } from '../../src/queue/port.ts';
import type { Storage } from '../../src/storage/port.ts';
import { type Mill, openMill } from '../jobs/examples/mill.ts';

const JOB_MS = 90_000;

export function storageJobsContract(name: string, open: () => Promise<Storage>): void {
  describe(`every task works on ${name}`, () => {
    let storage: Storage;
    let mill: Mill;

    beforeAll(async () => {
      storage = await open();
      mill = await openMill(storage);
    });
    afterAll(() => mill?.close());

    test.each(jobs.map((job) => [job.name, job] as const))(
      '%s',
      async (_, job: AnyJob) => {
        const record = await mill.run(job);
        expect(record.error).toBeNull();
        const { output_path, outputs, metrics, data } = record.result as JobResult;
        expect(output_path ?? undefined).toBe(job.example.output_path);
        if (job.name === 'purge_original_file') expect(await storage.stat(String(data.path))).toBeNull();
        if (!output_path) return;
        const object = await storage.stat(output_path);
        expect(object).toMatchObject({
          kind: job.output.kind === 'directory' ? 'directory' : 'file',
          size_bytes: metrics.output_size_bytes,
        });
        const folder = object?.kind === 'directory';
        if (folder) expect(await storage.list(output_path)).toHaveLength(outputs.length);
        for (const file of outputs) {
          const content = await buffer(
            await storage.read(folder ? `${output_path}/${file.name}` : output_path),
          );
          expect(content.length).toBe(file.size_bytes);
          expect(content.length).toBeGreaterThan(0);
        }
      },
      JOB_MS,
    );
  });
}
