/** The child processes of a worker: one for each job at a time, started when needed, warm ones first. */
import { type ChildHost, type ChildHostOptions, createChildHost } from './child-host.ts';

export interface HostPool {
  /** A free host; there are as many as the worker runs jobs at a time. */
  take(): ChildHost;
  give(host: ChildHost): void;
  /** Processes that are there now. */
  readonly pids: number[];
  close(): Promise<void>;
}

export function createHostPool(size: number, options: ChildHostOptions): HostPool {
  const all = Array.from({ length: size }, () => createChildHost(options));
  const free = new Set(all);
  // The first job shall find its process ready.
  all[0]?.warm();
  return {
    get pids() {
      return all.flatMap(({ pid }) => pid ?? []);
    },
    take() {
      const host = [...free].find(({ pid }) => pid !== null) ?? [...free][0];
      if (!host) throw new RangeError('No host is free.');
      free.delete(host);
      return host;
    },
    give(host) {
      free.add(host);
      if (![...free].some(({ pid }) => pid !== null)) host.warm();
    },
    async close() {
      await Promise.all(all.map((host) => host.close()));
    },
  };
}
