/**
 * Moves an embedded installation to Redis: waiting and ended jobs with their logs, the pause, and the ledger. The
 * source is locked meanwhile and stays as it is, but for a note that it has moved.
 */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Config } from '../core/config.ts';
import { MillError } from '../core/errors.ts';
import openRedisLedger from '../ledger/drivers/redis.ts';
import { ledgerFile } from '../ledger/file.ts';
import { adopt } from '../queue/drivers/bullmq/adopt.ts';
import { pause as pauseOf } from '../queue/drivers/bullmq/pause.ts';
import { openStore, type RedisStore } from '../queue/drivers/bullmq/redis.ts';
import { openTakeout, type Takeout } from '../queue/drivers/sqlite/takeout.ts';

/** Jobs that are looked for at a time. */
const LOOK_AT_ONCE = 500;

export interface MigrateOptions {
  /** Only says what there is. */
  dryRun?: boolean;
  /** Also when it was done before. Jobs that were removed in Redis since then come back, and those that waited run again. */
  again?: boolean;
}

export interface MigrateReport {
  /** `moved_before`: nothing was done now. */
  state: 'moved' | 'moved_before' | 'dry_run';
  waiting: number;
  ended: number;
  /** Jobs that were not in Redis yet. */
  new: number;
  /** Entries of the ledger that were not in Redis yet: keys, owners of files, deliveries of webhooks. */
  ledger: number;
  /** When it was moved, and where. */
  moved: { at: string; to: string } | null;
}

/**
 * From the embedded queue to Redis, whichever of them the settings choose. May be repeated after it broke off: what is there stays. Throws `conflict` while the database is in use, while a
 * job of it runs, or while webhooks have yet to hear of ends; `queue_unavailable`.
 */
export async function migrateToRedis(
  { queue, redis }: Pick<Config, 'queue' | 'redis'>,
  { dryRun = false, again = false }: MigrateOptions = {},
): Promise<MigrateReport> {
  using source = openTakeout(queue.database);
  const { waiting, ended, paused, ...left } = source.counts();
  const report = { waiting, ended, new: 0, ledger: 0, moved: source.moved };
  if (source.moved && !again) return { ...report, state: 'moved_before' };
  refuseUnfinished(left);
  const store = await openStore(redis.url, redis.queue_name);
  try {
    if (dryRun) return { ...report, state: 'dry_run' };
    if (paused) await pauseOf(store).pause('The queue was paused when it moved to Redis.');
    const fresh = await adopt(store, source.jobs(), waiting + ended);
    await requireAll(store, source);
    const ledger = await moveLedger(ledgerFile(queue.database), redis);
    source.finish(`${store.address} ${redis.queue_name}`);
    return { ...report, state: 'moved', new: fresh, ledger, moved: source.moved };
  } finally {
    await store.close();
  }
}

function refuseUnfinished({ started, untold }: { started: number; untold: number }): void {
  const next = 'Start `mediamill serve` on this database, wait until nothing runs, stop it, and try again.';
  if (started > 0) {
    const jobs = started === 1 ? '1 job is' : `${started} jobs are`;
    throw new MillError('conflict', `${jobs} marked as running, from a worker that did not stop in order.`, {
      facts: { started, next },
    });
  }
  if (untold > 0) {
    throw new MillError('conflict', `Webhooks have not heard of ${untold} ended jobs yet.`, {
      facts: { untold, next },
    });
  }
}

/** Nothing is called moved that Redis does not have. */
async function requireAll(store: RedisStore, source: Takeout): Promise<void> {
  let ids: string[] = [];
  const look = async () => {
    const keys = ids.map((id) => `${store.own}job:${id}`);
    ids = [];
    if (keys.length === 0) return;
    const found = await store.command((redis) => redis.exists(...keys));
    if (found === keys.length) return;
    throw new MillError('internal', `${keys.length - found} jobs did not arrive in Redis.`);
  };
  for (const { id } of source.jobs()) {
    ids.push(id);
    if (ids.length === LOOK_AT_ONCE) await look();
  }
  await look();
}

async function moveLedger(file: string, { url, queue_name: queueName }: Config['redis']): Promise<number> {
  if (!existsSync(file)) return 0;
  const source = new DatabaseSync(file, { readOnly: true });
  const target = await openRedisLedger({ url, queueName });
  let moved = 0;
  try {
    const rows = source.prepare('SELECT book, id, place, value FROM entry').iterate() as Iterable<{
      book: string;
      id: string;
      place: number;
      value: string;
    }>;
    for (const { book, id, place, value: json } of rows) {
      const value: unknown = JSON.parse(json);
      // Numbers that are counted up and down are kept apart in Redis.
      if (typeof value === 'number') {
        if ((await target.adjust(book, id, 0)) > 0) continue;
        await target.adjust(book, id, value);
      } else if (!(await target.add(book, id, value, place))) continue;
      moved += 1;
    }
    return moved;
  } finally {
    source.close();
    await target.close();
  }
}
