import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { emptyFolder, mediamill } from '../cli/mediamill.ts';
import { addressOf, finished, program } from './service.ts';

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

test('a worker tells what its jobs cost, the server what the queue holds; both are healthy', async () => {
  const cwd = emptyFolder();
  mkdirSync(join(cwd, 'data/input'), { recursive: true });
  writeFileSync(join(cwd, 'data/input/a.txt'), 'content of a\n');
  const port = await freePort();
  const env = { MEDIAMILL_MONITORING_WORKER_PORT: String(port) };
  const server = program(['serve', '--no-worker', '--port', '0'], env, cwd);
  const url = await addressOf(server);
  const away = await mediamill(['health', '--worker'], { cwd, env });
  expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining('not ready') });

  const worker = program(['worker'], env, cwd);
  await worker.logged(({ msg }) => msg === 'taking jobs');
  const answer = await fetch(`${url}/api/enqueue`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ task: 'calculate_sha256', input_path: 'input/a.txt' }),
  });
  await finished(url, ((await answer.json()) as { job_id: string }).job_id);

  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const task = 'task="calculate_sha256"';
  expect(metrics).toContain(`mediamill_job_duration_seconds_count{${task},status="finished"} 1`);
  expect(metrics).toContain(`mediamill_job_queue_wait_seconds_count{${task}} 1`);
  expect(metrics).toContain(`mediamill_job_input_bytes_total{${task}} 13`);
  expect(metrics).toMatch(/mediamill_job_peak_memory_bytes_sum\{task="calculate_sha256"\} [1-9]\d{6}/);
  expect(metrics).toMatch(/mediamill_storage_operation_duration_seconds_count\{operation="publish"\} 1/);
  expect(metrics).toMatch(/mediamill_nodejs_eventloop_lag_p99_seconds /);
  // Of the queue only servers tell, or several workers would tell it several times.
  expect(metrics).not.toContain('mediamill_jobs{');
  const ofServer = await (await fetch(`${url}/metrics`)).text();
  expect(ofServer).toContain(`mediamill_jobs{${task},status="finished"} 1`);
  expect(ofServer).toContain('mediamill_workers{state="running"} 1');
  expect(ofServer).toContain('mediamill_queue_up 1');
  expect(ofServer).not.toContain('mediamill_job_duration_seconds_count{');

  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${port}/x`)).status).toBe(404);
  expect(await mediamill(['health', '--worker'], { cwd, env })).toMatchObject({ code: 0, stdout: 'ready\n' });
  const { port: served } = new URL(url);
  expect(await mediamill(['health', '--port', served], { cwd })).toMatchObject({
    code: 0,
    stdout: 'ready\n',
  });

  // Two workers cannot have the same port, and the second one says so before it takes jobs.
  const second = await mediamill(['worker'], { cwd, env });
  expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('[monitoring] worker_port') });
}, 120_000);
