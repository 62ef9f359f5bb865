import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Services } from '../../compose.ts';
import { plural } from '../../core/plural.ts';
import { type Finding, finding } from './finding.ts';

/** Between this machine and Redis; schedules go by the clock of Redis, logs and keys by that of the machine. */
const LARGEST_SKEW_MS = 2000;
/** No machine of today has a clock before this. */
const PROGRAM_WRITTEN = Date.UTC(2026, 0, 1);
/** https://man7.org/linux/man-pages/man2/statfs.2.html: NFS, SMB, CIFS, SMB2, Ceph, 9P, AFS. */
const NETWORK_FILE_SYSTEMS = [0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x00c36400, 0x01021997, 0x5346414f];

/** The queue, what would lose its jobs, and the clock. */
export async function checkQueue({ queue, config }: Services): Promise<Finding[]> {
  const { counts, workers } = await counted(queue);
  const found = `${place(config)}: ${counts}; ${workers}`;
  if (config.queue.backend === 'embedded') {
    return [
      await finding('queue', async () => {
        await queue.check();
        return { detail: found, worries: await networkShare(config.queue.database) };
      }),
      await finding('clock', async () => ({
        detail: new Date().toISOString(),
        worries: strange(Date.now()),
      })),
    ];
  }
  const { inspectRedis } = await import('../../operations/inspect-redis.ts');
  const redis = await inspectRedis(config.redis).catch(() => null);
  return [
    await finding('queue', async () => {
      await queue.check();
      const { version = '?', latencyMs = 0, dangers = [] } = redis ?? {};
      return {
        detail: `${found}; Redis ${version}, answers in ${latencyMs.toFixed(1)} ms`,
        worries: dangers,
      };
    }),
    await finding('clock', async () => {
      const skew = redis?.skewMs ?? 0;
      const worries =
        Math.abs(skew) > LARGEST_SKEW_MS ? ['set both by NTP: schedules go by that of Redis'] : [];
      const seconds = (Math.abs(skew) / 1000).toFixed(1);
      const detail = `${new Date().toISOString()}, ${seconds} s ${skew < 0 ? 'ahead of' : 'behind'} Redis`;
      return { detail, worries: [...strange(Date.now()), ...worries] };
    }),
  ];
}

/** Where the jobs lie; a password in the address of Redis is not shown. */
function place({ queue, redis }: Services['config']): string {
  if (queue.backend === 'embedded') return queue.database;
  return `queue ${redis.queue_name} on Redis at ${URL.parse(redis.url)?.host || redis.url}`;
}

async function counted(queue: Services['queue']): Promise<{ counts: string; workers: string }> {
  const [{ queued, started, failed }, workers] = await Promise.all([queue.counts(), queue.workers()]);
  const paused = workers.filter(({ state }) => state === 'paused').length;
  return {
    counts: `${queued} queued, ${started} started, ${failed} failed`,
    workers: `${plural(workers.length, 'worker')}${paused > 0 ? `, ${paused} of them paused` : ''}`,
  };
}

async function networkShare(database: string): Promise<string[]> {
  const { type } = await statfs(dirname(resolve(database)));
  if (!NETWORK_FILE_SYSTEMS.includes(type)) return [];
  return ['it is on a network share, where its jobs are not safe: put [queue] database on a local disk'];
}

function strange(now: number): string[] {
  return now < PROGRAM_WRITTEN ? ['the clock of this machine is wrong'] : [];
}
