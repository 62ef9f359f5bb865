/** What is asked for and kept for a while; jobs are not among it, they live in the store. */
import { QueryClient, useQuery } from '@tanstack/react-query';
import { call, Failed, jobUrl, request } from './client';
import type { FileInfo, HistoryPoint, Job, Peaks, Sample, SystemReport, Task } from './types';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      // What the server refuses it refuses again.
      retry: (count, error) =>
        count < 2 && !(error instanceof Failed && error.status >= 400 && error.status < 500),
    },
  },
});

/** Loads of the machine are shown as fresh as this. */
const LOAD_MS = 5000;

export function useTasks() {
  return useQuery({
    queryKey: ['tasks'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const groups = await call('GET /api/tasks');
      return Object.entries(groups).flatMap(([group, list]) =>
        (list as unknown as Task[]).map((task) => ({ ...task, group })),
      );
    },
  });
}

/** Title of a task by its name; the name itself while the titles are not there. */
export function useTaskTitle(): (name: string) => string {
  const { data } = useTasks();
  return (name) => data?.find((task) => task.name === name)?.title ?? name;
}

export function useStats() {
  return useQuery({
    queryKey: ['stats'],
    queryFn: () => call('GET /api/stats'),
    refetchInterval: LOAD_MS,
    staleTime: 0,
  });
}

export function useWorkers() {
  return useQuery({ queryKey: ['workers'], queryFn: () => call('GET /api/workers'), staleTime: 0 });
}

export function useSystem() {
  return useQuery({
    queryKey: ['system'],
    queryFn: () => request<SystemReport>('/api/system'),
    refetchInterval: 2 * LOAD_MS,
  });
}

export function useHistory(minutes: number) {
  return useQuery({
    queryKey: ['history', minutes],
    queryFn: () =>
      request<{ step_s: number; points: HistoryPoint[] }>(`/api/system/history?minutes=${minutes}`),
    refetchInterval: 6 * LOAD_MS,
    staleTime: 0,
  });
}

export interface Session {
  /** Does this server want a key at all? */
  required: boolean;
  name: string | null;
}

export function useSession() {
  return useQuery({
    queryKey: ['session'],
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn: () => request<Session>('/api/session'),
  });
}

export interface QueueState {
  paused: boolean;
  reason: string | null;
  since: string | null;
}

export function useQueueState() {
  return useQuery({ queryKey: ['queue'], queryFn: () => request<QueueState>('/api/queue') });
}

export function useFileInfo(fileId: string | null, path: string | null) {
  return useQuery({
    queryKey: ['file', fileId ?? path],
    enabled: Boolean(fileId ?? path),
    queryFn: () =>
      fileId
        ? request<FileInfo>(`/api/files/${encodeURIComponent(fileId)}/info`)
        : request<FileInfo>('/api/files/info', { method: 'POST', body: { path } }),
  });
}

export function fetchJob(id: string): Promise<Job> {
  return call('GET /api/jobs/{id}', { path: { id } }) as Promise<Job>;
}

/** The same, asked again like everything else when the network fails. */
export function jobNow(id: string): Promise<Job> {
  return queryClient.fetchQuery({ queryKey: ['job', id], staleTime: 0, queryFn: () => fetchJob(id) });
}

export function usePeaks(id: string, of: 'source' | 'result', samples: number, enabled = true) {
  return useQuery({
    queryKey: ['peaks', id, of, samples],
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => request<Peaks>(jobUrl(id, 'peaks', { of, samples })),
  });
}

export function useSeries(id: string, running: boolean) {
  return useQuery({
    queryKey: ['series', id, running],
    queryFn: () => request<{ samples: Sample[] }>(jobUrl(id, 'series')),
    refetchInterval: running ? LOAD_MS : false,
  });
}

/** A JSON output of a job, up to a size that can be shown. */
export function useOutputJson(url: string | null) {
  return useQuery({
    queryKey: ['output', url],
    enabled: url !== null,
    queryFn: () => request<unknown>(url ?? ''),
  });
}
