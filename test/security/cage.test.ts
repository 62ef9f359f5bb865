/** The job process as a cage: what it is kept from, tried from the inside. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { findCage } from '../../src/runner/cage.ts';
import { type ChildHost, createChildHost } from '../../src/runner/child-host.ts';
import type { WorkOrder } from '../../src/runner/protocol.ts';
import { DEVICE_VARIABLES } from '../runner/fixtures/device-variables.ts';
import { LIMITS, testFolder, testOrder } from '../runner/fixtures/hosts.ts';

const PRISONERS = new URL('./fixtures/prisoners.ts', import.meta.url).href;
const { cage, report } = await findCage([tmpdir()]);
const hosts: ChildHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});

function caged(writable: string[] | null, more: object = {}): ChildHost {
  const host = createChildHost({ registryModule: PRISONERS, cage: { ...cage, writable }, ...more });
  hosts.push(host);
  return host;
}

const dataOf = async (host: ChildHost, task: string, parts: Partial<WorkOrder>) =>
  (await host.run(await testOrder(task, parts), LIMITS)).report.data;

describe('the network', () => {
  test('is not there, not even this machine; a job that is there to download has it', async () => {
    const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as { port: number };
    const host = caged(null);
    const params = { port };
    const offline = await dataOf(host, 'call_home', { params });
    // Where the system does not allow it, the report says so, and the job is as it was.
    expect(offline.answer).toBe(report.offline ? null : 'hello');
    if (report.offline) expect(offline.code).toMatch(/^E(NETUNREACH|CONNREFUSED|HOSTUNREACH)$/);
    const pid = host.pid;
    expect(await dataOf(host, 'call_home', { params, online: true })).toEqual({
      answer: 'hello',
      code: null,
    });
    // Not the same process, and never again the one that had the network.
    expect(host.pid === pid).toBe(!report.offline);
    const online = host.pid;
    await dataOf(host, 'call_home', { params });
    expect(host.pid === online).toBe(!report.offline);
    server.close();
  });

  test('whether it can be taken away is told, with the reason when not', () => {
    if (report.offline) expect(report.reason).toBeNull();
    else expect(report.reason).toMatch(/\S/);
  });
});

describe('writing', () => {
  test('is for work folders alone, and reading goes on', async () => {
    // As at the first start: the folder is made later.
    const root = join(await testFolder(), '.work');
    const elsewhere = join(await testFolder(), 'x');
    const host = caged([root]);
    const work = join(root, 'out');
    const { mkdir } = await import('node:fs/promises');
    host.warm();
    await mkdir(work, { recursive: true });
    expect(await dataOf(host, 'write_there', { work, params: { path: join(work, 'y') } })).toEqual({
      code: null,
    });
    expect(await readFile(join(work, 'y'), 'utf8')).toBe('mine');
    expect(await dataOf(host, 'write_there', { work, params: { path: elsewhere } })).toEqual({
      code: 'ERR_ACCESS_DENIED',
    });
    await expect(readFile(elsewhere)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('where another may write, a link out of the work folder does not help', async () => {
    const root = await testFolder();
    const outside = await testFolder();
    const { mkdir } = await import('node:fs/promises');
    const work = join(root, 'out');
    await mkdir(work);
    const path = join(work, 'link');
    const data = await dataOf(caged([root]), 'link_and_write', {
      work,
      params: { path, to: join(outside, 'x') },
    });
    expect(data.code).not.toBeNull();
    await expect(readFile(join(outside, 'x'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

test('the environment holds nothing of the configuration', async () => {
  process.env.MEDIAMILL_TEST_SECRET = 'hush';
  process.env.AWS_SECRET_ACCESS_KEY = 'hush';
  try {
    const { names } = await dataOf(caged(null), 'name_environment', {});
    const allowed = [
      'PATH',
      'HOME',
      'TZ',
      'LANG',
      'NODE_ENV',
      'NODE_COMPILE_CACHE',
      'MALLOC_MMAP_THRESHOLD_',
      'SVT_LOG',
      ...DEVICE_VARIABLES,
      'NODE_CHANNEL_FD',
    ];
    const known = [...allowed, 'NODE_CHANNEL_SERIALIZATION_MODE', 'NODE_UNIQUE_ID'];
    expect((names as string[]).filter((name) => !known.includes(name))).toEqual([]);
  } finally {
    delete process.env.MEDIAMILL_TEST_SECRET;
    delete process.env.AWS_SECRET_ACCESS_KEY;
  }
});

test('it stands back: nice level and the kernel’s choice when memory ends', async () => {
  if (process.platform !== 'linux') return;
  const host = caged(null, { niceness: 5 });
  await dataOf(host, 'name_environment', {});
  const stat = readFileSync(`/proc/${host.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  expect(Number(stat[16])).toBe(5);
  expect(Number(readFileSync(`/proc/${host.pid}/oom_score_adj`, 'utf8'))).toBe(500);
});
