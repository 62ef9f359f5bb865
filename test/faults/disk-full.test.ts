/** Case 18: the disk is full: under the outputs, the uploads, the queue. What runs fails with a reason, and all goes on. */
import { type Dirent, mkdirSync, readdirSync, statSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { JobRecord } from '../../src/queue/port.ts';
import { eventually } from '../contracts/queue/kit.ts';
import { frameCount } from '../decode/index.ts';
import { counterVideo } from '../fixtures/media/index.ts';
import { smallDisk, whyNoDisks } from './disks.ts';
import { figure } from './figures.ts';
import { allJobs, expectAllFinished, untilAllEnded } from './ledger.ts';
import { type Server, startServer } from './program.ts';
import { onEachBackend } from './stage.ts';

/** A second of work, of which the first hundredth is seen: the disk is full before it is done. */
const FRAMES = 100;
const missing = whyNoDisks();
const NO_OP = { task: 'sanitize_filename', params: { filename: 'a' } };

function filesBelow(folder: string): Dirent[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
}

async function end(server: Server, id: string): Promise<JobRecord> {
  return await eventually(
    async () => {
      const job = await server.job(id);
      return ['finished', 'failed'].includes(job.status) && job;
    },
    90_000,
    'the end of the job',
  );
}

describe.skipIf(missing !== null)(missing ?? 'on small disks', () => {
  onEachBackend((open, backend) => {
    test('18: under the outputs: the job fails with disk_full, nothing stays, the next one is fine', {
      timeout: 300_000,
    }, async () => {
      const stage = await open();
      const disk = await smallDisk(128);
      const outputs = join(disk.path, 'out');
      mkdirSync(outputs);
      const server = await startServer(stage, [], {
        MEDIAMILL_STORAGE_OUTPUT_PATH: outputs,
        // By default a worker waits for a gigabyte of free space before it takes a job; here it walks right in.
        MEDIAMILL_PROCESSING_MIN_FREE_DISK_BYTES: '0',
        MEDIAMILL_PROCESSING_MAX_WORKERS: '1',
      });
      await copyFile(await counterVideo({ frames: FRAMES }), join(stage.root, 'data/input/film.mp4'));
      const film = {
        task: 'transcode_h264_to_h265',
        input_path: '/data/input/film.mp4',
        output_path: '/data/output/film.mp4',
        params: { codec: 'libx265', preset: 'slow' },
        attempts: 1,
      };
      const send = async (): Promise<string> => (await server.enqueue(film)).body.job_id as string;
      const running = await send();
      await eventually(() => filesBelow(outputs).length > 0, 60_000, 'half of a film');
      disk.fill();
      expect(await end(server, running)).toMatchObject({ status: 'failed', error: { code: 'disk_full' } });
      // One that comes now is not begun.
      expect(await end(server, await send())).toMatchObject({
        status: 'failed',
        error: { code: 'disk_full' },
      });
      expect((await server.get('/healthz')).status).toBe(200);
      expect(readdirSync(outputs, { recursive: true })).toEqual(['.work']);
      disk.clear();
      expect(await end(server, await send())).toMatchObject({ status: 'finished' });
      expect(await frameCount(join(outputs, 'film.mp4'))).toBe(FRAMES);
      figure('18', backend, { where: 'outputs', code: 'disk_full' });
    });

    test('18: under the uploads: 507, the bytes are removed, the next one is fine', {
      timeout: 300_000,
    }, async () => {
      const stage = await open();
      const disk = await smallDisk(8);
      const inputs = join(disk.path, 'in');
      mkdirSync(inputs);
      const server = await startServer(stage, ['--no-worker'], { MEDIAMILL_STORAGE_INPUT_PATH: inputs });
      const upload = async (bytes: number) => {
        const form = new FormData();
        form.set('file', new Blob([Buffer.alloc(bytes, 7)]), 'a.bin');
        const response = await fetch(`${server.url}/api/upload`, { method: 'POST', body: form });
        return { status: response.status, body: (await response.json()) as Record<string, unknown> };
      };
      expect(await upload(16e6)).toMatchObject({ status: 507, body: { code: 'disk_full' } });
      const files = () => filesBelow(inputs);
      expect(files()).toEqual([]);
      expect((await server.get('/healthz')).status).toBe(200);
      expect(await upload(1e6)).toMatchObject({ status: 200 });
      expect(
        files().filter(({ parentPath, name }) => statSync(join(parentPath, name)).size === 1e6),
      ).toHaveLength(1);
      figure('18', backend, { where: 'uploads', status: 507 });
    });

    test('18: under the queue: refused at once, nothing accepted is lost, and it comes back', {
      timeout: 300_000,
    }, async () => {
      const disk = await smallDisk(24);
      const stage = await open({ folder: disk.path });
      const server = await startServer(stage, [], { MEDIAMILL_PROCESSING_MAX_WORKERS: '1' });
      const ledger: string[] = [];
      const codes = new Set<unknown>();
      const send = async (): Promise<boolean> => {
        const answer = await server.enqueue(NO_OP);
        if (answer.status === 200) ledger.push(answer.body.job_id as string);
        else codes.add(answer.body.code);
        expect(answer.ms).toBeLessThan(10_000);
        return answer.status === 200;
      };
      for (let n = 0; n < 20; n += 1) expect(await send()).toBe(true);
      disk.fill();
      // Pages that are there already may still take some.
      await eventually(async () => !(await send()), 60_000, 'a refusal');
      for (let n = 0; n < 20; n += 1) await send();
      expect((await server.get('/healthz')).status).toBe(200);
      expect((await server.get('/api/jobs')).status).toBe(200);
      expect([503, 507]).toContain((await server.get('/readyz')).status);
      await sleep(1500);
      disk.clear();
      await eventually(send, 60_000, 'the queue to come back');
      await eventually(async () => (await server.get('/readyz')).status === 200, 30_000, 'it to be ready');
      const queue = await stage.open();
      // Refused ones may be there as well: on Redis a job may be in memory when the file cannot be written.
      await untilAllEnded(queue, (await allJobs(queue)).length, 120_000);
      expectAllFinished(ledger, await allJobs(queue));
      for (const code of codes) expect(['disk_full', 'queue_unavailable']).toContain(code);
      await server.stop('SIGTERM');
      await stage.verify();
      figure('18', backend, { where: 'queue', code: [...codes].join(', '), lost: 0 });
    });
  });
});
