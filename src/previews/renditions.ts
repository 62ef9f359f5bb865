/** Renditions are made in the background: whoever asks hears how far it is, and gets the file when it is there. */
import { MillError } from '../core/errors.ts';
import type { PreviewCache } from './cache.ts';
import type { Lane } from './lane.ts';
import type { FileLook, PreviewFile, RenditionState } from './port.ts';
import { renditionExtension } from './tasks/make_rendition.ts';
import type { Source, Workshop } from './workshop.ts';

const DEADLINE_MS = 30 * 60_000;

interface Making {
  percent: number | null;
  done: Promise<PreviewFile>;
}

export interface RenditionsOptions {
  workshop: Workshop;
  cache: PreviewCache;
  lane: Lane;
  memoryBytes: number;
  look(reference: string): Promise<FileLook>;
}

export function createRenditions({ workshop, cache, lane, memoryBytes, look }: RenditionsOptions) {
  const making = new Map<string, Making>();

  function begin(source: Source, key: string, extension: string): Making {
    const started: Making = {
      percent: null,
      done: Promise.resolve().then(() =>
        workshop.noting(key, () => {
          const job = {
            lane,
            task: 'make_rendition',
            params: {},
            target: `rendition.${extension}`,
            timeoutMs: DEADLINE_MS,
            memoryBytes,
            onProgress: (percent: number | null) => {
              started.percent = percent;
            },
          };
          return workshop.work(source, job, (_outcome, local) => cache.keep(key, extension, local));
        }),
      ),
    };
    making.set(key, started);
    // Why it failed is noted; whoever asks next hears of it.
    started.done.catch(() => {}).finally(() => making.delete(key));
    return started;
  }

  return {
    async of(reference: string): Promise<RenditionState> {
      const source = await workshop.find(reference);
      const { facts, problem } = await look(reference);
      if (!facts) {
        const failure = problem ?? new MillError('no_preview', 'The file is no media.').toFailure();
        return { state: 'failed', failure };
      }
      const key = cache.key([...source.stamp, 'rendition']);
      const extension = renditionExtension(facts).slice(1);
      const file = await cache.find(key, extension);
      if (file) return { state: 'ready', file };
      const failure = making.has(key) ? null : await workshop.knownFailure(key);
      if (failure) return { state: 'failed', failure };
      const { percent } = making.get(key) ?? begin(source, key, extension);
      return { state: 'making', percent };
    },
    async settled(): Promise<void> {
      await Promise.allSettled([...making.values()].map(({ done }) => done));
    },
  };
}
