/** The jobs of one filter in their order: started, next, ended from the newest on; loaded page by page. */
import { call } from '../api/client';
import { type Counts, ENDED, type Job, NEXT, type Status } from '../api/types';
import { type Filter, matches, sinceTime } from './filter';
import { type Change, getJob, onChanges, putJobs } from './jobs-store';

const PAGE = 200;
/** Waiting jobs that are loaded at most: nobody reads further, and their number is known. */
const MOST_NEXT = 1000;
/** After something has changed, the counts are asked for at most this often. */
const COUNT_MS = 1000;

type Part = 'started' | 'next' | 'ended';

export interface ListState {
  started: string[];
  next: string[];
  ended: string[];
  counts: Counts;
  /** Nothing older is to be had. */
  complete: boolean;
  loading: boolean;
  error: Error | null;
  /** Has the first page come? */
  ready: boolean;
}

export class JobList {
  readonly filter: Filter;
  readonly #place = new Map<string, Part>();
  #state: ListState = {
    started: [],
    next: [],
    ended: [],
    counts: {},
    complete: false,
    loading: false,
    error: null,
    ready: false,
  };
  #cursor: string | null = null;
  #generation = 0;
  #countTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();
  #stop: (() => void) | undefined;

  constructor(filter: Filter) {
    this.filter = filter;
  }

  readonly snapshot = (): ListState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): () => void {
    this.#stop = onChanges((changes) => this.#apply(changes));
    void this.reload();
    return () => {
      this.#stop?.();
      this.#generation++;
      clearTimeout(this.#countTimer);
    };
  }

  /** From the first page on; what is shown stays until that is there. */
  async reload(): Promise<void> {
    const generation = ++this.#generation;
    this.#set({ loading: true, error: null });
    try {
      const [started, next, ended] = await Promise.all([
        this.#wanted(['started']) ? this.#fetch(['started']) : null,
        this.#wanted(NEXT) ? this.#fetch(NEXT) : null,
        this.#wanted(ENDED) ? this.#fetch(ENDED) : null,
      ]);
      if (generation !== this.#generation) return;
      this.#place.clear();
      this.#cursor = ended?.next_cursor ?? null;
      const state: Record<Part, string[]> = { started: [], next: [], ended: [] };
      const jobs = [started, next, ended].flatMap((page) => (page?.jobs ?? []) as Job[]);
      putJobs(jobs);
      const fitting = jobs.filter((job) => matches(job, this.filter));
      for (const job of fitting) {
        if (this.#place.has(job.id)) continue;
        const part = partOf(job.status);
        this.#place.set(job.id, part);
        state[part].push(job.id);
      }
      this.#sortPinned(state);
      this.#set({
        ...state,
        counts: (started ?? next ?? ended)?.counts ?? {},
        complete: this.#cursor === null || this.#isPast(ended?.jobs as Job[]),
        loading: false,
        ready: true,
      });
      await this.#restOfNext(next?.next_cursor ?? null, generation);
    } catch (error) {
      if (generation === this.#generation) this.#set({ loading: false, error: error as Error });
    }
  }

  /** The list is from the newest on, and the queue from the oldest: what starts next is on the last page. */
  async #restOfNext(from: string | null, generation: number): Promise<void> {
    let cursor = from;
    for (let pages = 1; cursor && pages < MOST_NEXT / PAGE && generation === this.#generation; pages++) {
      const page = await this.#fetch(NEXT, cursor);
      if (generation === this.#generation) putJobs(page.jobs as Job[]);
      cursor = page.next_cursor;
    }
  }

  /** The next page of ended jobs. */
  async more(): Promise<void> {
    const { loading, complete, error } = this.#state;
    if (loading || complete || error || this.#cursor === null) return;
    const generation = this.#generation;
    this.#set({ loading: true });
    try {
      const page = await this.#fetch(ENDED, this.#cursor);
      if (generation !== this.#generation) return;
      this.#cursor = page.next_cursor;
      const jobs = page.jobs as Job[];
      putJobs(jobs);
      const fresh = jobs.filter((job) => !this.#place.has(job.id) && matches(job, this.filter));
      for (const { id } of fresh) this.#place.set(id, 'ended');
      this.#set({
        ended: [...this.#state.ended, ...fresh.map(({ id }) => id)],
        complete: this.#cursor === null || this.#isPast(jobs),
        loading: false,
      });
    } catch (error) {
      if (generation === this.#generation) this.#set({ loading: false, error: error as Error });
    }
  }

  #wanted(statuses: readonly Status[]): boolean {
    return !this.filter.status || statuses.includes(this.filter.status);
  }

  #fetch(statuses: readonly Status[], cursor?: string) {
    const { status, task, q } = this.filter;
    const query = {
      status: (status ? [status] : statuses).join(','),
      task,
      q,
      limit: PAGE,
      cursor,
      created_after: sinceTime(this.filter) ?? undefined,
    };
    return call('GET /api/jobs', { query });
  }

  /** The list is from the newest on: once it is older than what is asked for, there is nothing more. */
  #isPast(jobs: Job[] | undefined): boolean {
    const from = sinceTime(this.filter);
    const last = jobs?.at(-1);
    return Boolean(from && last && last.created_at < from);
  }

  #apply(changes: Change[]): void {
    if (!this.#state.ready) return;
    const state: Record<Part, string[]> = {
      started: this.#state.started,
      next: this.#state.next,
      ended: this.#state.ended,
    };
    const left: Record<Part, Set<string>> = { started: new Set(), next: new Set(), ended: new Set() };
    const come = new Map<string, { job: Job; part: Part }>();
    for (const change of changes) {
      const id = change.type === 'put' ? change.job.id : change.id;
      const before = this.#place.get(id);
      const part =
        change.type === 'put' && matches(change.job, this.filter) ? partOf(change.job.status) : undefined;
      come.delete(id);
      // A waiting job may have got another place in the queue.
      if (before === part && part !== 'next') continue;
      if (before) left[before].add(id);
      if (part && change.type === 'put') come.set(id, { job: change.job, part });
    }
    const moved = come.size > 0 || left.started.size + left.next.size + left.ended.size > 0;
    for (const part of ['started', 'next', 'ended'] as const) {
      if (left[part].size === 0) continue;
      state[part] = state[part].filter((id) => !left[part].has(id));
      for (const id of left[part]) this.#place.delete(id);
    }
    for (const [id, { job, part }] of come) {
      if (!this.#belongs(job, part, state)) continue;
      state[part] = part === 'ended' ? insert(state.ended, job) : [...state[part], id];
      this.#place.set(id, part);
    }
    if (!moved) return;
    this.#sortPinned(state);
    this.#set(state);
    this.#countLater();
  }

  /** What is older than the loaded part comes with its page. */
  #belongs(job: Job, part: Part, state: Record<Part, string[]>): boolean {
    if (part === 'next') return state.next.length < MOST_NEXT;
    if (part !== 'ended' || this.#state.complete || this.#cursor === null) return true;
    const oldest = getJob(state.ended.at(-1) ?? '');
    return !oldest || job.created_at >= oldest.created_at;
  }

  #sortPinned(state: Record<Part, string[]>): void {
    state.started = sorted(state.started, (a, b) => compare(a.started_at ?? '', b.started_at ?? ''));
    state.next = sorted(
      state.next,
      (a, b) =>
        NEXT.indexOf(a.status) - NEXT.indexOf(b.status) ||
        compare(a.scheduled_at ?? '', b.scheduled_at ?? '') ||
        b.priority - a.priority ||
        compare(a.enqueued_at ?? a.created_at, b.enqueued_at ?? b.created_at),
    );
  }

  #countLater(): void {
    if (this.#countTimer) return;
    this.#countTimer = setTimeout(async () => {
      this.#countTimer = undefined;
      const { task, q } = this.filter;
      const page = await call('GET /api/jobs', { query: { task, q, limit: 1 } }).catch(() => null);
      if (page) this.#set({ counts: page.counts });
    }, COUNT_MS);
  }

  #set(change: Partial<ListState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

const partOf = (status: Status): Part =>
  status === 'started' ? 'started' : NEXT.includes(status) ? 'next' : 'ended';

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function sorted(ids: string[], order: (a: Job, b: Job) => number): string[] {
  const jobs = ids.flatMap((id) => getJob(id) ?? []);
  return jobs.sort(order).map(({ id }) => id);
}

/** Newest first. */
function insert(ids: string[], job: Job): string[] {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = getJob(ids[middle] ?? '');
    if (other && other.created_at > job.created_at) low = middle + 1;
    else high = middle;
  }
  return ids.toSpliced(low, 0, job.id);
}
