/**
 * A throwaway Ceph cluster with an S3 gateway: one monitor, one OSD that keeps everything in memory, one radosgw,
 * from Debian's packages ceph-mon, ceph-osd, radosgw. Unlike small emulators it checks signatures.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { accessSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { S3Server } from './bucket.ts';

export interface CephRgw extends S3Server, AsyncDisposable {}

const PROGRAMS = ['ceph', 'ceph-authtool', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin'];
const START_MS = 90_000;
const COMMAND_MS = 60_000;
const STOP_MS = 5_000;
/** What the OSD may hold at most. */
const MEMORY_BYTES = 4 * 1024 ** 3;

/** Are the programs there? With CI set they must be. */
export function hasCeph(): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = PROGRAMS.every((program) => folders.some((folder) => isThere(join(folder, program))));
  return found || process.env.CI === 'true';
}

export async function startCephRgw(): Promise<CephRgw> {
  const folder = await mkdtemp(join(tmpdir(), 'mill-ceph-'));
  const config = join(folder, 'ceph.conf');
  const [monitor, gateway] = [await freePort(), await freePort()];
  const secrets = { accessKeyId: 'MILLTESTKEY', secretAccessKey: randomBytes(20).toString('hex') };
  const daemons: ChildProcess[] = [];

  const run = async (program: string, ...args: string[]) => {
    const { stdout } = await promisify(execFile)(program, ['-c', config, ...args], {
      timeout: COMMAND_MS,
      killSignal: 'SIGKILL',
    });
    return stdout;
  };
  const start = (program: string, ...args: string[]) => {
    const daemon = spawn(program, ['-c', config, '-f', ...args], { stdio: 'ignore' });
    daemons.push(daemon);
  };
  async function stop(): Promise<void> {
    await Promise.all(
      daemons.reverse().map(async (daemon) => {
        if (daemon.exitCode !== null || daemon.signalCode !== null) return;
        const gone = new Promise((resolve) => daemon.once('exit', resolve));
        daemon.kill('SIGKILL');
        await Promise.race([gone, sleep(STOP_MS, undefined, { ref: false })]);
      }),
    );
    await rm(folder, { recursive: true, force: true });
  }

  try {
    const id = randomUUID();
    await writeFile(config, configOf(folder, id, monitor, gateway));
    for (const name of ['mon', 'osd', 'rgw']) await mkdir(join(folder, name));
    const map = join(folder, 'monmap');
    await run('monmaptool', '--create', '--addv', 'a', `[v2:127.0.0.1:${monitor}]`, '--fsid', id, map);
    const keyring = join(folder, 'keyring');
    await run('ceph-authtool', '--create-keyring', keyring);
    // The gateway knows no other way to log in than cephx; so everybody has a key, and may do everything.
    for (const name of ['mon.', 'osd.0', 'client.admin', 'client.rgw']) {
      const may = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *'];
      await run('ceph-authtool', keyring, '--gen-key', '-n', name, ...may);
    }
    await run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring);
    start('ceph-mon', '-i', 'a');
    const osd = randomUUID();
    await run('ceph', 'osd', 'new', osd);
    await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd);
    await run('ceph', 'osd', 'crush', 'add', 'osd.0', '1.0', 'host=localhost', 'root=default');
    start('ceph-osd', '-i', '0');
    start('radosgw', '-n', 'client.rgw');
    const user = ['user', 'create', '--uid=mill', '--display-name=Media Mill'];
    const keys = [`--access-key=${secrets.accessKeyId}`, `--secret-key=${secrets.secretAccessKey}`];
    await run('radosgw-admin', ...user, ...keys);
    const endpoint = `http://127.0.0.1:${gateway}`;
    await answers(endpoint, daemons);
    return { endpoint, ...secrets, [Symbol.asyncDispose]: stop };
  } catch (error) {
    const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
    await stop();
    throw new Error(`Ceph did not start: ${log.slice(-2000)}`, { cause: error });
  }
}

/** One copy, few placement groups: it lives for minutes. */
function configOf(folder: string, id: string, monitor: number, gateway: number): string {
  return `[global]
fsid = ${id}
mon_host = [v2:127.0.0.1:${monitor}]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
keyring = ${folder}/keyring
run_dir = ${folder}
log_file = ${folder}/log
admin_socket = ${folder}/$name.asok
mon_data = ${folder}/mon
mon_allow_pool_delete = true
mon_cluster_log_file = ${folder}/cluster-log
mon_data_avail_crit = 1
osd_data = ${folder}/osd
osd_objectstore = memstore
memstore_device_bytes = ${MEMORY_BYTES}
osd_crush_chooseleaf_type = 0
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_scrub_load_threshold = 0
mon_max_pg_per_osd = 1000
[client.rgw]
rgw_data = ${folder}/rgw
rgw_frontends = beast endpoint=127.0.0.1:${gateway}
rgw_enable_usage_log = false
`;
}

async function answers(endpoint: string, daemons: ChildProcess[]): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const dead = daemons.find(({ exitCode }) => exitCode !== null);
    if (dead) throw new Error(`${dead.spawnfile} ended with ${dead.exitCode}`);
    const answer = await fetch(endpoint).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    if (Date.now() > deadline) throw new Error(`no answer from ${endpoint}`);
    await sleep(200);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
