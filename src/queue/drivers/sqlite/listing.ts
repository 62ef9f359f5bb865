/** Pages of jobs, counts, and who uses a file. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createdFrom, foldersOf, pageRequest } from '../../list-query.ts';
import { JOB_STATUSES, type JobStatus, type ListQuery } from '../../port.ts';
import { whenFree } from './connection.ts';
import { containing, holdsText } from './text-search.ts';

/** Jobs looked at between two turns of the event loop when text is searched for. */
const SCANNED_AT_ONCE = 2000;

/** Jobs looked at by one search; the page then ends early, and its cursor goes on from there. */
const SCANNED_AT_MOST = 100_000;

type Filter = Pick<ListQuery, 'status' | 'task' | 'q' | 'owner' | 'run'>;
type Counted = Pick<ListQuery, 'task' | 'q' | 'owner' | 'run' | 'created_after'>;

export interface Listing {
  /** Sequence numbers of a page, newest first. Throws `invalid_request` for a cursor that is none. */
  page(query: ListQuery): Promise<{ seqs: number[]; next: string | null }>;
  counts(filter: Counted): Promise<Record<JobStatus, number>>;
  /** Ids of jobs not ended that read or write the path, something below it, or a folder it lies in. */
  usersOf(path: string): string[];
}

export function listing(db: DatabaseSync): Listing {
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = prepared.get(sql);
    if (!statement) {
      statement = db.prepare(sql);
      prepared.set(sql, statement);
    }
    return statement;
  };

  /** Newest first below `before`, down to `from`; a short answer means that there are no more. */
  function candidates(
    { status, task, owner, run, from }: Filter & { from?: number },
    before: number,
    limit: number,
  ): number[] {
    const statuses: (JobStatus | null)[] = status?.length ? [...new Set(status)] : [null];
    const sql = statuses
      .map((one) => {
        const conditions = ['seq < $before'];
        if (one !== null) conditions.push(`status = '${one}'`);
        if (task !== undefined) conditions.push('task = $task');
        if (owner !== undefined) conditions.push('owner = $owner');
        if (run !== undefined) conditions.push('run_id = $run');
        if (from !== undefined) conditions.push('seq >= $from');
        // Of all conditions this is the one that leaves the fewest.
        const index = run === undefined ? '' : 'INDEXED BY job_run';
        return `SELECT * FROM (SELECT seq FROM job ${index} WHERE ${conditions.join(' AND ')} ORDER BY seq DESC LIMIT $limit)`;
      })
      .join(' UNION ALL ');
    const values = {
      before,
      limit,
      ...(task !== undefined && { task }),
      ...(owner !== undefined && { owner }),
      ...(run !== undefined && { run }),
      ...(from !== undefined && { from }),
    };
    const rows = prepare(`${sql} ORDER BY seq DESC LIMIT $limit`).all(values);
    return (rows as { seq: number }[]).map(({ seq }) => seq);
  }

  function matching(seqs: number[], q: string): { seq: number; status: JobStatus }[] {
    const rows = prepare(
      `SELECT seq, status FROM job
       WHERE seq IN (SELECT value FROM json_each(?1))
         AND ${holdsText('?2')}
       ORDER BY seq DESC`,
    ).all(JSON.stringify(seqs), containing(q));
    return rows as unknown as { seq: number; status: JobStatus }[];
  }

  /** Goes through the jobs in slices until `visit` has seen enough; answers where it stopped, null at the end. */
  async function search(
    filter: Filter & { q: string; from?: number },
    start: number,
    visit: (found: { seq: number; status: JobStatus }) => 'go_on' | 'enough',
  ): Promise<number | null> {
    let before = start;
    for (let scanned = 0; scanned < SCANNED_AT_MOST; scanned += SCANNED_AT_ONCE) {
      const slice = await whenFree(() => {
        const seqs = candidates(filter, before, SCANNED_AT_ONCE);
        return { seqs, found: matching(seqs, filter.q) };
      });
      for (const found of slice.found) if (visit(found) === 'enough') return found.seq;
      if (slice.seqs.length < SCANNED_AT_ONCE) return null;
      before = slice.seqs.at(-1) as number;
      await nextTurn();
    }
    return before;
  }

  /** The first job created then or later, by its number; jobs are numbered in the order of their creation. */
  function firstSince(time: number): number {
    const next = prepare('SELECT seq, created_at FROM job WHERE seq >= ? ORDER BY seq LIMIT 1');
    const last = prepare('SELECT coalesce(max(seq), 0) AS seq FROM job').get() as { seq: number };
    let low = 0;
    let high = last.seq + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = next.get(middle) as { seq: number; created_at: number } | undefined;
      if (row && row.created_at < time) low = row.seq + 1;
      else high = middle;
    }
    return low;
  }

  function tally(
    task: string | undefined,
    owner: string | undefined,
    from: number | undefined,
  ): { status: JobStatus; n: number }[] {
    if (owner === undefined && from === undefined) {
      const sql = 'SELECT status, sum(jobs) AS n FROM tally WHERE task = coalesce(?, task) GROUP BY status';
      return prepare(sql).all(task ?? null) as { status: JobStatus; n: number }[];
    }
    // All of it is found in the index, without a look at the jobs.
    const index = owner !== undefined ? 'job_owner' : task !== undefined ? 'job_status_task' : 'job_status';
    const conditions = [`status IN (${JOB_STATUSES.map((status) => `'${status}'`).join(', ')})`];
    if (owner !== undefined) conditions.push('owner = $owner');
    if (task !== undefined) conditions.push('task = $task');
    if (from !== undefined) conditions.push('seq >= $from');
    const sql = `SELECT status, count(*) AS n FROM job INDEXED BY ${index} WHERE ${conditions.join(' AND ')} GROUP BY status`;
    const values = {
      ...(task !== undefined && { task }),
      ...(owner !== undefined && { owner }),
      ...(from !== undefined && { from }),
    };
    return prepare(sql).all(values) as { status: JobStatus; n: number }[];
  }

  return {
    async page(query) {
      const { limit, before: start } = pageRequest(query);
      const { q } = query;
      if (!q) {
        const seqs = await whenFree(() => candidates(query, start, limit + 1));
        const more = seqs.length > limit;
        const page = seqs.slice(0, limit);
        return { seqs: page, next: more ? String(page.at(-1)) : null };
      }
      const seqs: number[] = [];
      const stopped = await search({ ...query, q }, start, ({ seq }) =>
        seqs.push(seq) < limit ? 'go_on' : 'enough',
      );
      return { seqs, next: stopped === null ? null : String(stopped) };
    },

    async counts({ task, q = '', owner, run, created_after: time }) {
      const counts = Object.fromEntries(JOB_STATUSES.map((status) => [status, 0])) as Record<
        JobStatus,
        number
      >;
      const from = time === undefined ? undefined : await whenFree(() => firstSince(createdFrom(time)));
      if (q || run !== undefined) {
        const filter = { task, q, owner, run, ...(from !== undefined && { from }) };
        await search(filter, Number.MAX_SAFE_INTEGER, ({ status }) => {
          counts[status] += 1;
          return 'go_on';
        });
        return counts;
      }
      const rows = await whenFree(() => tally(task, owner, from));
      for (const { status, n } of rows) counts[status] = n;
      return counts;
    },

    usersOf(path) {
      const name = path.replace(/\/+$/, '');
      const found = new Map<number, string>();
      const add = (rows: unknown[]) => {
        for (const { seq, id } of rows as { seq: number; id: string }[]) found.set(seq, id);
      };
      for (const [table, column] of USES) {
        const sql = `SELECT job.seq, job.id FROM ${table} WHERE job.ended_at IS NULL AND ${column}`;
        for (const same of [name, ...foldersOf(name)]) {
          add(prepare(`${sql} = ?`).all(same));
          add(prepare(`${sql} = ?`).all(`${same}/`));
        }
        // '0' is the character after '/': everything below the path.
        add(prepare(`${sql} > ? AND ${column} < ?`).all(`${name}/`, `${name}0`));
      }
      return [...found].sort(([a], [b]) => a - b).map(([, id]) => id);
    },
  };
}

const USES = [
  ['job', 'job.input_path'],
  ['job', 'job.output_path'],
  ['param_path JOIN job ON job.seq = param_path.job', 'param_path.path'],
] as const;
