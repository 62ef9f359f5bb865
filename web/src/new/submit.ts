/** Hands the jobs in: at once what is there, the rest as soon as its file is. */
import { call } from '../api/client';
import { cancelJobs } from '../jobs/actions';
import type { Submission } from '../jobs/command-text';
import { plural } from '../text/numbers';
import { announce } from '../ui/announce';
import { toast } from '../ui/toast';
import type { RunBody } from './recipes';
import type { Source } from './sources';
import { forgetUploads, uploaded } from './uploads';

/** Everything that is made of one file; `source` is null for what is made of none. */
export interface Order {
  source: Source | null;
  runs(path: string): RunBody[];
  jobs(path: string | null): Submission[];
}

/** Throws what the server says about the first of them, so that it is shown at the fields. */
export async function submitOrders(orders: readonly Order[]): Promise<string[]> {
  const ready = orders.filter(({ source }) => !source || source.path);
  // One request for all that are jobs only.
  const plain = ready.filter((order) => order.runs('').length === 0);
  const ids = await enqueue(plain.flatMap((order) => order.jobs(order.source?.path ?? null)));
  forgetUploads(plain.flatMap(({ source }) => source?.upload?.key ?? []));
  for (const order of ready) {
    if (!plain.includes(order)) ids.push(...(await submit(order, order.source?.path ?? '')));
  }
  // The page may be left meanwhile; the uploads go on.
  for (const order of orders) if (!ready.includes(order)) void whenUploaded(order);
  return ids;
}

async function submit(order: Order, path: string): Promise<string[]> {
  const ids = await enqueue(order.jobs(path));
  for (const body of order.runs(path)) {
    const { steps } = await call('POST /api/recipes/run', { body });
    ids.push(...steps.map(({ job_id }) => job_id));
  }
  forgetUploads(order.source?.upload ? [order.source.upload.key] : []);
  return ids;
}

async function whenUploaded(order: Order): Promise<void> {
  const key = order.source?.key;
  const stored = key && (await uploaded(key));
  if (!stored) return;
  try {
    await submit(order, stored.path);
  } catch (error) {
    toast(`${order.source?.name ?? 'A file'}: ${(error as Error).message}`, { tone: 'bad' });
  }
}

/** As many as one batch takes. */
const MOST = 1000;

async function enqueue(submissions: Submission[]): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < submissions.length; at += MOST) {
    const { jobs } = await call('POST /api/enqueue/batch', {
      body: { jobs: submissions.slice(at, at + MOST) },
    });
    ids.push(...jobs.map(({ job_id }) => job_id));
  }
  return ids;
}

export function sayEnqueued(ids: readonly string[], later: number): void {
  const parts = [
    ids.length > 0 ? `${plural(ids.length, 'job')} added` : '',
    later > 0 ? `${plural(later, 'job')} will start when uploaded` : '',
  ];
  const text = `${parts.filter(Boolean).join(', ')}.`;
  announce(text);
  toast(text, ids.length > 0 ? { undo: () => void cancelJobs(ids) } : {});
}
