import { useCallback, useSyncExternalStore } from 'react';
import type { Job, Progress } from '../api/types';
import { getJob, getProgress, onJob, onProgress } from './jobs-store';

/** The job as it is now; undefined while it is not known. */
export function useJob(id: string): Job | undefined {
  return useSyncExternalStore(
    useCallback((listener) => onJob(id, listener), [id]),
    () => getJob(id),
  );
}

/** Its progress, and when it last moved. */
export function useProgress(id: string): { progress: Progress; at: number } | undefined {
  return useSyncExternalStore(
    useCallback((listener) => onProgress(id, listener), [id]),
    () => getProgress(id),
  );
}
