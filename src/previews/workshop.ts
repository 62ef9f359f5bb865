/**
 * What making any preview has in common: the file is looked up, the work is done in a process of its own, the same
 * thing asked for twice is made once, and a reason why nothing can be made is kept like what was made.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, type Failure, fromFailure, MillError, toMillError } from '../core/errors.ts';
import type { Outcome } from '../runner/protocol.ts';
import type { Storage, StoredObject } from '../storage/port.ts';
import type { PreviewCache } from './cache.ts';
import type { Lane } from './lane.ts';

/** Raised whenever the same file would give another preview than before. */
const VERSION = 4;
/** Why a file gave nothing is believed for so long where the machine may have been at fault. */
const DOUBTFUL_MS = 10 * 60_000;
/** Reasons that lie in the file, and stay true as long as it does. */
const LASTING: readonly ErrorCode[] = [
  'unsupported_media',
  'corrupt_media',
  'no_preview',
  'no_video_stream',
  'no_audio_stream',
  'output_verification_failed',
];
/** Reasons that may lie in the file. */
const DOUBTFUL: readonly ErrorCode[] = ['crashed', 'out_of_memory', 'timed_out', 'engine_failed'];

export interface Source {
  object: StoredObject;
  /** What its cache keys begin with. */
  stamp: (string | number)[];
}

export interface Work {
  lane: Lane;
  task: string;
  params: Record<string, unknown>;
  /** Name of the file or folder that the task writes. */
  target: string;
  timeoutMs: number;
  memoryBytes: number;
  onProgress?(percent: number | null): void;
}

export interface Workshop {
  /** Throws what the storage throws, `no_preview` for a folder. */
  find(reference: string): Promise<Source>;
  once<T>(key: string, make: () => Promise<T>): Promise<T>;
  /** Runs a task on a file; `take` gets what it wrote before everything is removed. */
  work<T>(source: Source, job: Work, take: (outcome: Outcome, local: string) => Promise<T>): Promise<T>;
  /** A known reason why there is nothing, null for none. */
  knownFailure(key: string): Promise<Failure | null>;
  /** Throws a known reason again, and notes a new one. */
  noting<T>(key: string, make: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is being made any more. */
  settled(): Promise<void>;
}

export interface WorkshopOptions {
  storage: Pick<Storage, 'resolve' | 'stat' | 'fetch'>;
  cache: PreviewCache;
  /** Hears of failures that are nobody's file's fault. */
  warn?(facts: object, text: string): void;
}

export function createWorkshop({ storage, cache, warn }: WorkshopOptions): Workshop {
  const running = new Map<string, Promise<unknown>>();

  async function knownFailure(key: string): Promise<Failure | null> {
    const known = await cache.recall<Failure>(key);
    if (known && LASTING.includes(known.code)) return known;
    return known && (await cache.recall<Failure>(key, DOUBTFUL_MS));
  }

  return {
    async find(reference) {
      const path = await storage.resolve(reference, 'read');
      const object = await storage.stat(path);
      if (!object) throw new MillError('input_not_found', `There is no file "${path}".`);
      if (object.kind !== 'file') throw new MillError('no_preview', `"${path}" is a folder.`);
      return { object, stamp: [VERSION, path, object.size_bytes, object.modified_at] };
    },
    once<T>(key: string, make: () => Promise<T>) {
      const known = running.get(key) as Promise<T> | undefined;
      if (known) return known;
      const made = make().finally(() => running.delete(key));
      running.set(key, made);
      return made;
    },
    async work(source, job, take) {
      const place = await cache.work();
      const out = join(place, 'out');
      const order = async () => {
        const own = join(place, 'in');
        await Promise.all([out, own].map((folder) => mkdir(folder, { recursive: true })));
        return {
          id: source.object.path,
          task: job.task,
          params: job.params,
          input: await storage.fetch(source.object.path, own),
          target: job.target,
          work: out,
          threads: 1,
          network: { allow: [] },
        };
      };
      try {
        const outcome = await job.lane.run(order, {
          timeoutMs: job.timeoutMs,
          memoryLimitBytes: job.memoryBytes,
          onProgress: ({ percent }) => job.onProgress?.(percent),
        });
        return await take(outcome, join(out, job.target));
      } finally {
        await rm(place, { recursive: true, force: true });
      }
    },
    knownFailure,
    async noting(key, make) {
      const known = await knownFailure(key);
      if (known) throw fromFailure(known);
      try {
        return await make();
      } catch (error) {
        const failure = toMillError(error).toFailure();
        if (liesInFile(failure.code)) await cache.remember(key, failure);
        else if (failure.code === 'internal') warn?.({ err: error }, 'a preview failed');
        throw error;
      }
    },
    async settled() {
      await Promise.allSettled(running.values());
    },
  };
}

/** May the file be at fault? */
export function liesInFile(code: ErrorCode): boolean {
  return LASTING.includes(code) || DOUBTFUL.includes(code);
}

/** For whoever asked for something to show, every reason in the file is the same: there is nothing. */
export function nothingToShow(error: unknown): unknown {
  const failure = toMillError(error);
  if (failure.code === 'no_preview' || !liesInFile(failure.code)) return error;
  return new MillError('no_preview', failure.message, { facts: { because: failure.code }, cause: error });
}
