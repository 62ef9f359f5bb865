/** The one stream of events of the server, and whether it flows. */
import { useSyncExternalStore } from 'react';
import type { Job, LogLine, Progress } from '../api/types';
import { putJobs, putLog, putProgress, removeJob } from './jobs-store';

export interface Connection {
  state: 'connecting' | 'live' | 'offline';
  /** When the last event came. */
  last: number | null;
}

const RETRY_MS = 2000;

let connection: Connection = { state: 'connecting', last: null };
let source: EventSource | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;
let everLive = false;
const listeners = new Set<() => void>();
const comebacks = new Set<() => void>();
const named = new Map<string, Set<(data: unknown) => void>>();

export function connect(): void {
  clearTimeout(retry);
  source?.close();
  source = new EventSource('/api/events');
  source.onopen = () => {
    set('live');
    // What happened meanwhile is asked for again; the page shows what it has until that is there.
    if (everLive) for (const comeback of comebacks) comeback();
    everLive = true;
  };
  source.onerror = () => {
    set('offline');
    // An answer that is no stream ends it for good; a lost connection is taken up by the browser.
    if (source?.readyState === EventSource.CLOSED) retry = setTimeout(connect, RETRY_MS);
  };
  on<Job>('job', (job) => putJobs([job]));
  on<{ id: string; progress: Progress }>('progress', ({ id, progress }) => putProgress(id, progress));
  on<{ id: string }>('removed', ({ id }) => removeJob(id));
  on<{ id: string; line: LogLine }>('log', ({ id, line }) => putLog(id, line));
  for (const name of ['queue', 'workers']) {
    on<unknown>(name, (data) => {
      for (const listener of named.get(name) ?? []) listener(data);
    });
  }
}

function on<T>(name: string, run: (data: T) => void): void {
  source?.addEventListener(name, (event) => {
    connection.last = Date.now();
    run(JSON.parse((event as MessageEvent<string>).data) as T);
  });
}

function set(state: Connection['state']): void {
  if (connection.state === state) return;
  connection = { state, last: state === 'live' ? Date.now() : connection.last };
  for (const listener of listeners) listener();
}

/** Called when the connection is back after it was lost. */
export function onComeback(run: () => void): () => void {
  comebacks.add(run);
  return () => comebacks.delete(run);
}

/** Events of the whole service: `queue`, `workers`. */
export function onEvent(name: 'queue' | 'workers', run: (data: unknown) => void): () => void {
  const set = named.get(name) ?? new Set();
  named.set(name, set.add(run));
  return () => set.delete(run);
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection,
  );
}
