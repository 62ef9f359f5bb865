/** Every job the page knows of, kept up to date by the events of the server. */
import type { Job, LogLine, Progress } from '../api/types';
import { Emitter, inNextFrame } from './emitter';

export type Change = { type: 'put'; job: Job; before: Job | undefined } | { type: 'remove'; id: string };

type ChangeListener = (changes: Change[]) => void;

const jobs = new Map<string, Job>();
const progressOf = new Map<string, { progress: Progress; at: number }>();
const byId = new Emitter<string>();
const byProgress = new Emitter<string>();
const changeListeners = new Set<ChangeListener>();
const logListeners = new Map<string, Set<(line: LogLine) => void>>();
/** Jobs whose deletion waits for its Undo to run out. */
const hidden = new Set<string>();

/** The same for all that are told by a test, loaded or not. */
const hiddenTests = new Set<(job: Job) => boolean>();
const renewListeners = new Set<() => void>();

let changes: Change[] = [];
let movedIds = new Set<string>();
let touchedIds = new Set<string>();

const flush = inNextFrame(() => {
  const moved = movedIds;
  const touched = touchedIds;
  const told = changes;
  movedIds = new Set();
  touchedIds = new Set();
  changes = [];
  if (told.length > 0) for (const listener of [...changeListeners]) listener(told);
  for (const id of touched) byId.tell(id);
  for (const id of moved) byProgress.tell(id);
});

export function putJobs(list: readonly Job[]): void {
  for (const job of list) {
    if (hidden.has(job.id) || isHidden(job)) continue;
    const before = jobs.get(job.id);
    if (before && isOlder(job, before)) continue;
    jobs.set(job.id, job);
    if (job.status === 'started' && job.progress) keepProgress(job.id, job.progress);
    else if (job.status !== 'started') progressOf.delete(job.id);
    touchedIds.add(job.id);
    movedIds.add(job.id);
    changes.push({ type: 'put', job, before });
  }
  flush();
}

/** A page of the list may be answered later than an event that was sent after it. */
function isOlder(job: Job, known: Job): boolean {
  return job.timeline.length < known.timeline.length && job.attempts <= known.attempts;
}

export function removeJob(id: string): void {
  if (!jobs.delete(id)) return;
  progressOf.delete(id);
  touchedIds.add(id);
  changes.push({ type: 'remove', id });
  flush();
}

/** Takes jobs out of sight without forgetting them on the server; the answer brings them back. */
export function hideJobs(ids: readonly string[]): () => void {
  const kept = ids.flatMap((id) => jobs.get(id) ?? []);
  for (const id of ids) {
    hidden.add(id);
    removeJob(id);
  }
  return () => {
    for (const id of ids) hidden.delete(id);
    putJobs(kept);
  };
}

function isHidden(job: Job): boolean {
  for (const test of hiddenTests) if (test(job)) return true;
  return false;
}

/** Is something out of sight that pages still hold? */
export const isHiding = () => hiddenTests.size > 0;

/** Takes all out of sight that pass the test; the answer lets lists ask for them anew. */
export function hideMatching(test: (job: Job) => boolean): () => void {
  hiddenTests.add(test);
  for (const job of [...jobs.values()]) if (test(job)) removeJob(job.id);
  return () => {
    hiddenTests.delete(test);
    for (const listener of [...renewListeners]) listener();
  };
}

/** Called when lists must be asked for anew. */
export function onRenew(listener: () => void): () => void {
  renewListeners.add(listener);
  return () => renewListeners.delete(listener);
}

function keepProgress(id: string, progress: Progress): void {
  const before = progressOf.get(id);
  // A bar never goes back within a pass.
  const moved =
    before?.progress.percent !== progress.percent || before?.progress.bytes_done !== progress.bytes_done;
  progressOf.set(id, { progress, at: moved ? Date.now() : (before?.at ?? Date.now()) });
}

export function putProgress(id: string, progress: Progress): void {
  keepProgress(id, progress);
  movedIds.add(id);
  flush();
}

export function putLog(id: string, line: LogLine): void {
  for (const listener of logListeners.get(id) ?? []) listener(line);
}

export function onLog(id: string, listener: (line: LogLine) => void): () => void {
  const set = logListeners.get(id) ?? new Set();
  logListeners.set(id, set.add(listener));
  return () => set.delete(listener);
}

export function onChanges(listener: ChangeListener): () => void {
  changeListeners.add(listener);
  return () => changeListeners.delete(listener);
}

/** All of them. */
export function forgetJobs(): void {
  for (const id of [...jobs.keys()]) removeJob(id);
}

export const getJob = (id: string): Job | undefined => jobs.get(id);
export const allJobs = (): Iterable<Job> => jobs.values();
export const getProgress = (id: string) => progressOf.get(id);
export const onJob = (id: string, listener: () => void) => byId.on(id, listener);
export const onProgress = (id: string, listener: () => void) => byProgress.on(id, listener);
