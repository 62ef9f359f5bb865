/** The jobs of one filter in their order: started, next, ended from the newest on; loaded page by page. */
import type { Counts, Job } from '../api/types';
import { type Filter, matches } from './filter';
import { fetchCounts, fetchPage, type Page } from './job-pages';
import { type Change, getJob, isHiding, onChanges, putJobs, removeJob } from './jobs-store';
import { comesBefore, insert, PARTS, type Part, type Parts, partOf, renewed, sortPinned } from './list-order';
import { Patience } from './patience';

/** After something has changed, the counts are asked for at most this often. */
const COUNT_MS = 1000;
/** Whoever wants more again within this time is on the way to the end, and gets more pages at once… */
const HURRY_MS = 1500;
/** …but never more than these. */
const MOST_PAGES = 16;

/** How the older jobs come. */
export interface Tail {
  loading: boolean;
  /** Why the last page did not come; it is asked for again. */
  error: Error | null;
  /** When that is, on the clock. */
  again: number | null;
}

export interface ListState extends Parts {
  counts: Counts;
  /** Nothing older is to be had. */
  complete: boolean;
  /** All that wait are loaded. */
  nextComplete: boolean;
  /** Is the beginning of the list asked for? */
  loading: boolean;
  error: Error | null;
  /** Has the first page come? */
  ready: boolean;
  tail: Tail;
  /** Pages that have come; a page of a search may be empty. */
  pages: number;
}

const AT_REST: Tail = { loading: false, error: null, again: null };

export class JobList {
  readonly filter: Filter;
  readonly #place = new Map<string, Part>();
  #state: ListState = {
    started: [],
    next: [],
    ended: [],
    counts: {},
    complete: false,
    nextComplete: false,
    loading: false,
    error: null,
    ready: false,
    tail: AT_REST,
    pages: 0,
  };
  /** Of the page after the loaded ones; null when there is none. */
  readonly #cursors: Record<Part, string | null> = { started: null, next: null, ended: null };
  /** Are the waiting jobs shown beyond the first page? Then their other pages come before those of the ended ones. */
  #expanded = false;
  /** Which call of `reload` is the last. */
  #round = 0;
  #stopped = false;
  /** Jobs that something was told of while the list is asked for; null when it is not. */
  #told: Set<string> | null = null;
  /** Pages that are still to come. */
  #goal = 0;
  #hurry = { pages: 1, until: 0 };
  #countTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #patience = { head: new Patience(), tail: new Patience() };
  readonly #listeners = new Set<() => void>();

  constructor(filter: Filter) {
    this.filter = filter;
  }

  readonly snapshot = (): ListState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): () => void {
    const stop = onChanges((changes) => this.#apply(changes));
    this.#stopped = false;
    void this.reload();
    return () => {
      stop();
      this.#stopped = true;
      this.#round++;
      clearTimeout(this.#countTimer);
      this.#patience.head.end();
      this.#patience.tail.end();
    };
  }

  /** What is loaded is asked for anew, from the newest on. It stays where it is, and older pages go on as they were. */
  async reload(): Promise<void> {
    const round = ++this.#round;
    this.#told = new Set();
    this.#patience.head.end();
    this.#set({ loading: true });
    if (this.#state.tail.error) this.retryMore();
    try {
      const [own, started, next, ended] = await Promise.all([
        this.filter.since ? fetchCounts(this.filter).then((counts) => ({ counts })) : null,
        fetchPage(this.filter, 'started'),
        fetchPage(this.filter, 'next'),
        fetchPage(this.filter, 'ended'),
      ]);
      if (round !== this.#round) return;
      const pages = { started, next, ended };
      const at = Object.fromEntries(PARTS.map((part) => [part, this.#renew(part, 0, pages[part])]));
      const { counts = {} } = own ?? started ?? next ?? ended ?? {};
      this.#set({ counts, loading: false, error: null, ready: true, pages: this.#state.pages + 1 });
      this.#catchUp(PARTS.flatMap((part) => pages[part]?.jobs ?? []));
      for (const part of PARTS) {
        let page = pages[part];
        let from = at[part] ?? 0;
        while (page?.next && from < this.#state[part].length) {
          page = await fetchPage(this.filter, part, page.next);
          if (round !== this.#round) return;
          from = this.#renew(part, from, page);
        }
      }
      this.#told = null;
    } catch (error) {
      if (round !== this.#round) return;
      this.#set({ loading: false, error: error as Error });
      this.#patience.head.later(error, () => void this.reload());
    }
  }

  /** Shows those that wait beyond the first page, too. */
  expand(): void {
    this.#expanded = true;
  }

  /** The next page of what is shown last, and more of them for whoever is in a hurry. */
  async more(): Promise<void> {
    const { tail, ready } = this.#state;
    if (tail.loading || tail.error || !ready || this.#stopped || isHiding() || !this.#last()) return;
    const { until, pages } = this.#hurry;
    this.#hurry.pages = performance.now() < until ? Math.min(MOST_PAGES, 2 * pages) : 1;
    this.#goal = this.#hurry.pages;
    await this.#load();
    this.#hurry.until = performance.now() + HURRY_MS;
  }

  /** Everything, to the oldest job, until {@link stay}. */
  async toEnd(): Promise<void> {
    this.#goal = Number.POSITIVE_INFINITY;
    if (!this.#state.tail.loading && !this.#state.tail.error) await this.#load();
  }

  /** No more than what is on its way. */
  stay(): void {
    this.#goal = 0;
  }

  /** The page that did not come, now. */
  retryMore(): void {
    this.#patience.tail.end();
    void this.#load();
  }

  async #load(): Promise<void> {
    this.#set({ tail: { ...AT_REST, loading: true } });
    try {
      do {
        const part = this.#last();
        const page = part && (await fetchPage(this.filter, part, this.#cursors[part] ?? undefined));
        if (this.#stopped || !page) break;
        this.#patience.tail.end();
        this.#append(part, page);
      } while (--this.#goal > 0);
      this.#set({ tail: AT_REST });
    } catch (error) {
      if (this.#stopped) return;
      const again = this.#patience.tail.later(error, () => void this.#load());
      this.#set({ tail: { loading: false, error: error as Error, again } });
    }
  }

  /** The part that goes on; null when all is loaded. */
  #last(): Part | null {
    if (this.#expanded && this.#cursors.next !== null) return 'next';
    return this.#cursors.ended === null ? null : 'ended';
  }

  #append(part: Part, { jobs, next }: Page): void {
    this.#cursors[part] = next;
    const fresh = this.#take(jobs, part).filter((id) => !this.#place.has(id));
    for (const id of fresh) this.#place.set(id, part);
    this.#set({
      [part]: [...this.#state[part], ...fresh],
      pages: this.#state.pages + 1,
      ...this.#completeness(),
    });
  }

  #completeness(): Pick<ListState, 'complete' | 'nextComplete'> {
    return { complete: this.#cursors.ended === null, nextComplete: this.#cursors.next === null };
  }

  /** Those of a page that still belong to a part: an event may have told more than a page that was on its way. */
  #take(jobs: readonly Job[], part: Part): string[] {
    putJobs(jobs);
    return jobs.flatMap(({ id }) => {
      const job = getJob(id);
      return job && partOf(job.status) === part && matches(job, this.filter) ? [id] : [];
    });
  }

  /** Answers where the next page goes on. */
  #renew(part: Part, from: number, page: Page | null): number {
    const cursor = page?.next ?? null;
    const before = this.#state[part];
    const jobs = this.#take(page?.jobs ?? [], part);
    const { ids, gone, next } = renewed(
      before,
      from,
      jobs,
      cursor === null,
      (id) => this.#told?.has(id) ?? false,
    );
    if (ids !== before) {
      this.#move(part, before, ids);
      this.#forget(part, gone);
    }
    // What is loaded ends with this page: the next one is the one after it.
    if (cursor === null || next >= ids.length) this.#cursors[part] = cursor;
    if (ids !== before || cursor === null || from === 0) {
      const parts = { ...this.#parts(), [part]: ids };
      if (part !== 'ended') sortPinned(parts);
      this.#set({ ...parts, ...this.#completeness() });
    }
    return next;
  }

  /** Keeps account of which part has which job. */
  #move(part: Part, before: readonly string[], now: readonly string[]): void {
    for (const id of before) if (this.#place.get(id) === part) this.#place.delete(id);
    for (const id of now) this.#place.set(id, part);
  }

  /** The server no longer has them in this part; where they have gone, if anywhere, is told by other pages. */
  #forget(part: Part, ids: readonly string[]): void {
    for (const id of ids) {
      const job = getJob(id);
      if (job && partOf(job.status) === part && !this.#place.has(id)) removeJob(id);
    }
  }

  /** Events may have told more than the pages that were on their way: of jobs in them, and of others. */
  #catchUp(jobs: readonly Job[]): void {
    const ids = new Set([...jobs.map(({ id }) => id), ...(this.#told ?? [])]);
    const now = [...ids].flatMap((id) => getJob(id) ?? []);
    this.#apply(now.map((job) => ({ type: 'put', job, before: undefined })));
  }

  #apply(changes: Change[]): void {
    for (const change of changes) if (change.type === 'put') this.#told?.add(change.job.id);
    if (!this.#state.ready) return;
    const state = this.#parts();
    const left: Record<Part, Set<string>> = { started: new Set(), next: new Set(), ended: new Set() };
    const come = new Map<string, { job: Job; part: Part }>();
    let moved = false;
    for (const change of changes) {
      const id = change.type === 'put' ? change.job.id : change.id;
      const before = this.#place.get(id);
      const part =
        change.type === 'put' && matches(change.job, this.filter) ? partOf(change.job.status) : undefined;
      come.delete(id);
      if (before === part) {
        // It may have been elsewhere in between.
        if (part) left[part].delete(id);
        // A waiting job may have got another place in the queue.
        if (part === 'next') moved = true;
        continue;
      }
      if (before) left[before].add(id);
      if (part && change.type === 'put') come.set(id, { job: change.job, part });
    }
    moved ||= come.size > 0 || left.started.size + left.next.size + left.ended.size > 0;
    for (const part of PARTS) {
      if (left[part].size === 0) continue;
      state[part] = state[part].filter((id) => !left[part].has(id));
      for (const id of left[part]) this.#place.delete(id);
    }
    for (const [id, { job, part }] of come) {
      if (!this.#belongs(job, part)) continue;
      state[part] = part === 'ended' ? insert(state.ended, job) : [...state[part], id];
      this.#place.set(id, part);
    }
    if (!moved) return;
    sortPinned(state);
    this.#set(state);
    this.#countLater();
  }

  #parts(): Parts {
    const { started, next, ended } = this.#state;
    return { started, next, ended };
  }

  /** What lies beyond the loaded part comes with its page. */
  #belongs(job: Job, part: Part): boolean {
    const last = getJob(this.#state[part].at(-1) ?? '');
    if (this.#cursors[part] === null || !last || part === 'started') return true;
    return part === 'next' ? comesBefore(job, last) : job.created_at >= last.created_at;
  }

  #countLater(): void {
    if (this.#countTimer) return;
    this.#countTimer = setTimeout(async () => {
      this.#countTimer = undefined;
      const counts = await fetchCounts(this.filter).catch(() => null);
      if (counts) this.#set({ counts });
    }, COUNT_MS);
  }

  #set(change: Partial<ListState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
