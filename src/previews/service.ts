/**
 * Makes previews of stored files, in processes of its own: a file that crashes the decoder, hangs it or fills the
 * memory takes that process and nothing else. What was made, or why nothing can be made, is kept on the disk.
 */
import { join, resolve } from 'node:path';
import { MillError, toMillError } from '../core/errors.ts';
import { mainAudio, type SourceFacts } from '../core/facts.ts';
import type { Cage } from '../runner/cage.ts';
import { siblingModule } from '../runner/sibling-module.ts';
import type { Storage } from '../storage/port.ts';
import { openCache, WORK } from './cache.ts';
import { createLane } from './lane.ts';
import { maybeMedia } from './maybe-media.ts';
import { readPeaks } from './peaks-file.ts';
import type { FileLook, Peaks, PreviewFile, Previews } from './port.ts';
import { createRenditions } from './renditions.ts';
import { createWorkshop, liesInFile, nothingToShow, type Source, type Work } from './workshop.ts';

/** Widths that are made; anything between is the next larger one. */
const WIDTHS = [96, 160, 320, 480, 640, 960, 1280, 1920];
const HEIGHTS = [54, 72, 108, 144, 216];
/** Headers and pictures. */
const DEADLINE_MS = 10_000;
const STRIP_MS = 60_000;
const PEAKS_MS = 120_000;
/** Enough for a 4K frame and its decoder; an image that claims more is none to show in a row. */
const QUICK_MEMORY = 1024 ** 3;
const IDLE_MS = 30_000;
/** What the engine calls the sheet it makes of several images. */
const SHEET = 'sprite.jpg';

export interface PreviewsOptions {
  storage: Pick<Storage, 'resolve' | 'stat' | 'fetch'>;
  /** Folder of the cache, made when it is missing. */
  folder: string;
  /** Bytes the cache may take. */
  maxBytes: number;
  /** Resident memory that making a rendition may use. */
  memoryLimitBytes: number;
  /** Hears of failures that are nobody's file's fault. */
  warn?(facts: object, text: string): void;
  /** What the processes are kept from, apart from writing elsewhere than into their work folders; default nothing. */
  cage?: Cage | null;
  /** URL of the module with the tasks; tests bring worse ones. */
  registryModule?: string;
  /** Milliseconds without work after which a process ends; default 30 s. */
  idleMs?: number;
  /** Milliseconds for headers and pictures; default 10 s. */
  deadlineMs?: number;
}

export function openPreviews(options: PreviewsOptions): Previews {
  const { storage, folder, maxBytes, memoryLimitBytes, warn } = options;
  const { idleMs = IDLE_MS, deadlineMs = DEADLINE_MS } = options;
  const registryModule = options.registryModule ?? siblingModule(import.meta.url, './tasks/index');
  // The processes that work there have folders of their own to start in.
  const cache = openCache(resolve(folder), maxBytes);
  const cage = options.cage && { ...options.cage, writable: [join(resolve(folder), WORK)] };
  const quick = createLane({ registryModule, idleMs, cage });
  // These take long: pictures must not wait for them.
  const slow = createLane({ registryModule, idleMs, cage });
  const workshop = createWorkshop({ storage, cache, warn });
  const memoryBytes = Math.min(QUICK_MEMORY, memoryLimitBytes);
  const renditions = createRenditions({ workshop, cache, lane: slow, memoryBytes: memoryLimitBytes, look });

  async function look(reference: string): Promise<FileLook> {
    const source = await workshop.find(reference);
    if (!maybeMedia(source.object)) return { facts: null, problem: null, warnings: [] };
    const key = cache.key([...source.stamp, 'look']);
    const found = cache.key([...source.stamp, 'found']);
    return workshop.once(key, async () => {
      const known = await cache.recall<FileLook>(found);
      if (known) return known;
      try {
        const made = await workshop.noting(key, () => probe(source));
        await cache.remember(found, made);
        return made;
      } catch (error) {
        const failure = toMillError(error);
        if (!liesInFile(failure.code)) throw error;
        return { facts: null, problem: failure.toFailure(), warnings: [] };
      }
    });
  }

  function probe(source: Source): Promise<FileLook> {
    const job = {
      lane: quick,
      task: 'probe_media_file',
      params: {},
      target: 'facts.json',
      timeoutMs: deadlineMs,
      memoryBytes,
    };
    return workshop.work(source, job, async ({ report }) => ({
      facts: report.data as unknown as SourceFacts,
      problem: null,
      warnings: report.warnings,
    }));
  }

  /** An image that a task makes; `within` is its name when the task makes a folder. */
  async function image(
    reference: string,
    key: readonly (string | number | undefined)[],
    job: Omit<Work, 'lane' | 'memoryBytes'> & Partial<Pick<Work, 'lane'>>,
    within = '',
  ): Promise<PreviewFile> {
    const source = await workshop.find(reference);
    if (!maybeMedia(source.object)) throw new MillError('no_preview', 'The file has no picture.');
    const extension = within === '' ? 'webp' : 'jpg';
    const own = cache.key([...source.stamp, ...key]);
    return workshop.once(own, async () => {
      const known = await cache.find(own, extension);
      if (known) return known;
      try {
        return await workshop.noting(own, () =>
          workshop.work(source, { lane: quick, memoryBytes, ...job }, (_outcome, local) =>
            cache.keep(own, extension, join(local, within)),
          ),
        );
      } catch (error) {
        throw nothingToShow(error);
      }
    });
  }

  return {
    look,
    picture(reference, { width, at_s }) {
      const made = stepAbove(WIDTHS, width);
      const params = { width: made, ...(at_s !== undefined && { at_s }) };
      const job = { task: 'make_picture', params, target: 'picture.webp', timeoutMs: deadlineMs };
      return image(reference, ['picture', made, at_s], job);
    },
    strip(reference, { count, height }) {
      const params = { count, height: stepAbove(HEIGHTS, height) };
      const job = { lane: slow, task: 'make_strip', params, target: 'strip', timeoutMs: STRIP_MS };
      return image(reference, ['strip', count, params.height], job, SHEET);
    },
    async peaks(reference, samples) {
      const source = await workshop.find(reference);
      const { facts } = await look(reference);
      if (!facts || !mainAudio(facts)) throw new MillError('no_preview', 'The file has no sound.');
      const key = cache.key([...source.stamp, 'peaks', samples]);
      const found = cache.key([...source.stamp, 'curves', samples]);
      return workshop.once(key, async () => {
        const known = await cache.recall<Peaks>(found);
        if (known) return known;
        const job = {
          lane: slow,
          task: 'generate_waveform_json',
          params: { samples, per_channel: true },
          target: 'peaks.json',
          timeoutMs: PEAKS_MS,
          memoryBytes,
        };
        try {
          const made = await workshop.noting(key, () =>
            workshop.work(source, job, (_outcome, local) => readPeaks(local)),
          );
          await cache.remember(found, made);
          return made;
        } catch (error) {
          throw nothingToShow(error);
        }
      });
    },
    rendition: (reference) => renditions.of(reference),
    async close() {
      await Promise.all([quick.close(), slow.close()]);
      await Promise.all([workshop.settled(), renditions.settled()]);
    },
  };
}

function stepAbove(steps: readonly number[], wanted: number): number {
  return steps.find((step) => step >= wanted) ?? (steps.at(-1) as number);
}
