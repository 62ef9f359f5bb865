/** Waiting jobs in the order in which they will be claimed. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createdFrom, invalidCursor } from '../../list-query.ts';
import { type NextPlace, type NextSlice, nextPage, type WaitingStatus } from '../../next-order.ts';
import type { ListQuery } from '../../port.ts';
import { whenFree } from './connection.ts';
import { containing, holdsText } from './text-search.ts';

/** Jobs looked at between two turns of the event loop when not all are wanted. */
const SCANNED_AT_ONCE = 2000;

/** Slices looked at for one page: 100,000 jobs. */
const MOST_SLICES = 50;

/**
 * An index, what it sorts by, and what comes behind a place: first in the same major, then in the later ones. A step
 * through the index each, however far down the list.
 */
const ORDERS: Record<WaitingStatus, { index: string; keys: [string, string]; by: string; later: string[] }> =
  {
    queued: {
      index: 'job_next',
      keys: ['priority', 'place'],
      by: 'priority DESC, place',
      later: ['priority = $major AND place > $minor', 'priority < $major'],
    },
    scheduled: {
      index: 'job_due',
      keys: ['scheduled_at', 'seq'],
      by: 'scheduled_at, seq',
      later: ['scheduled_at = $major AND seq > $minor', 'scheduled_at > $major'],
    },
    deferred: { index: 'job_status', keys: ['seq', 'seq'], by: 'seq', later: ['seq > $major'] },
  };

interface Found {
  seq: number;
  major: number;
  minor: number;
  hit: number;
}

export interface NextOrder {
  /** Sequence numbers of a page. Throws `invalid_request`. */
  page(query: ListQuery): Promise<{ seqs: number[]; next: string | null }>;
}

export function nextOrder(db: DatabaseSync): NextOrder {
  const prepared = new Map<string, StatementSync>();
  const rows = (sql: string, values: Record<string, number | string>): Found[] => {
    let statement = prepared.get(sql);
    if (!statement) {
      statement = db.prepare(sql);
      statement.setAllowUnknownNamedParameters(true);
      prepared.set(sql, statement);
    }
    return statement.all(values) as unknown as Found[];
  };

  function slice(
    { hit, values, everything }: Filter,
    status: WaitingStatus,
    after: NextPlace | null,
    wanted: number,
  ): NextSlice<number> {
    const { index, keys, by, later } = ORDERS[status];
    const most = everything ? Math.min(wanted, SCANNED_AT_ONCE) : SCANNED_AT_ONCE;
    const seen: Found[] = [];
    for (const behind of after ? later : ['1']) {
      const sql = `SELECT seq, ${keys[0]} AS major, ${keys[1]} AS minor, (${hit}) AS hit FROM job INDEXED BY ${index}
        WHERE status = '${status}' AND ${behind} ORDER BY ${by} LIMIT $limit`;
      seen.push(...rows(sql, { ...values, ...(after && numbers(after)), limit: most - seen.length }));
    }
    const found = seen.filter((one) => one.hit === 1).slice(0, wanted);
    const last = found.length === wanted ? found.at(-1) : seen.at(-1);
    const atEnd = seen.length < most && last === seen.at(-1);
    return {
      found: found.map((one) => ({ place: placeOf(one), job: one.seq })),
      stopped: last && !atEnd ? placeOf(last) : null,
    };
  }

  return {
    async page(query) {
      const filter = filterOf(query);
      const { jobs, next } = await nextPage(
        query,
        async (status, after, wanted) => {
          if (!filter.everything) await nextTurn();
          return await whenFree(() => slice(filter, status, after, wanted));
        },
        MOST_SLICES,
      );
      return { seqs: jobs, next };
    },
  };
}

interface Filter {
  /** SQL. */
  hit: string;
  values: Record<string, number | string>;
  everything: boolean;
}

function filterOf({ task, owner, run, q, created_after }: ListQuery): Filter {
  const conditions: string[] = [];
  const values: Filter['values'] = {};
  const add = (condition: string, name: string, value: number | string) => {
    conditions.push(condition);
    values[name] = value;
  };
  if (task !== undefined) add('task = $task', 'task', task);
  if (owner !== undefined) add('owner IS $owner', 'owner', owner);
  if (run !== undefined) add('run_id IS $run', 'run', run);
  if (created_after !== undefined) add('created_at >= $from', 'from', createdFrom(created_after));
  if (q) add(holdsText('$text'), 'text', containing(q));
  return { hit: conditions.join(' AND ') || '1', values, everything: conditions.length === 0 };
}

function placeOf({ major, minor }: Found): NextPlace {
  return { major: String(major), minor: String(minor) };
}

function numbers({ major, minor }: NextPlace): { major: number; minor: number } {
  if (!/^\d{1,16}$/.test(minor)) throw invalidCursor();
  return { major: Number(major), minor: Number(minor) };
}
