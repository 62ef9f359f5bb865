/** The numbers of a worker whose jobs go wrong in every way, and of a storage that fails. */
import { Registry as MetricsRegistry } from 'prom-client';
import { expect, test } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import { observeJobs } from '../../src/observability/job-metrics.ts';
import { meterStorage } from '../../src/observability/storage-metrics.ts';
import type { Storage } from '../../src/storage/port.ts';
import { openWorkplace } from '../runner/fixtures/workplace.ts';

test('failures, replaced children and lost leases are counted by reason', async () => {
  const metrics = new MetricsRegistry();
  const place = await openWorkplace();
  // An attempt that is lost with its worker, before the watched one comes.
  const lost = await place.enqueue('copy', { attempts: 2 });
  expect(await place.queue.claim('gone', 1000)).toMatchObject({ job: { id: lost.id } });
  place.start({ observe: observeJobs(metrics), jobsPerChild: 3 });
  await place.settled(lost.id);
  const crashed = await place.enqueue('segfault');
  expect((await place.settled(crashed.id)).error?.code).toBe('crashed');

  const text = await metrics.metrics();
  expect(text).toContain('mediamill_job_lease_expiries_total{task="copy"} 1');
  expect(text).toContain('mediamill_job_failures_total{task="segfault",code="crashed"} 1');
  expect(text).toContain('mediamill_job_duration_seconds_count{task="segfault",status="failed"} 1');
  expect(text).toContain('mediamill_child_replacements_total{reason="crashed"} 1');
}, 60_000);

test('errors of the storage are counted, faults of requests are not', async () => {
  const metrics = new MetricsRegistry();
  const { storage } = await openWorkplace();
  const broken: Storage = {
    ...storage,
    publish: async () => {
      throw new MillError('storage_unavailable', 'The bucket is gone.');
    },
  };
  const metered = meterStorage(broken, metrics);
  await expect(metered.publish('/x', '/data/output/x')).rejects.toThrow('The bucket is gone.');
  await expect(metered.resolve('/etc/passwd', 'read')).rejects.toMatchObject({
    code: 'path_outside_storage',
  });
  expect(await metered.resolve('input/a.txt', 'read')).toBe('/data/input/a.txt');
  const text = await metrics.metrics();
  expect(text).toContain('mediamill_storage_errors_total{operation="publish",code="storage_unavailable"} 1');
  expect(text).not.toContain('operation="resolve",code');
  expect(text).toContain('mediamill_storage_operation_duration_seconds_count{operation="resolve"} 2');
  expect(text).toMatch(/mediamill_storage_free_bytes \d+/);
});
