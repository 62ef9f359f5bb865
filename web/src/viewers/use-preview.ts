/** What a browser can play of a source or a result: the file itself, or a rendition that is made on demand. */
import { useQuery } from '@tanstack/react-query';
import { Failed, jobUrl, outputUrl, request } from '../api/client';
import type { Job, Preview } from '../api/types';

/** While a rendition is made. */
const ASK_MS = 700;

export function usePreview(job: Job, of: 'source' | 'result') {
  return useQuery({
    queryKey: ['preview', job.id, of],
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: ({ state }) => (state.data?.state === 'making' ? ASK_MS : false),
    queryFn: async (): Promise<Preview> => {
      try {
        return await request<Preview>(jobUrl(job.id, 'preview', { of }));
      } catch (error) {
        const [only] = job.result?.outputs ?? [];
        if (!(error instanceof Failed) || error.code !== 'not_found') throw error;
        // A server without renditions: what the browser plays by itself is shown.
        const url = of === 'source' ? jobUrl(job.id, 'input') : only ? outputUrl(job.id, only.name) : null;
        return {
          playable: true,
          kind: 'video',
          url,
          media_type: null,
          state: 'ready',
          percent: null,
          rendition: false,
          detail: null,
        };
      }
    },
  });
}
