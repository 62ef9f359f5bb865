/** Hands the jobs in: at once what is there, the rest as soon as its file is. */
import { call } from '../api/client';
import { cancelJobs } from '../jobs/actions';
import type { Submission } from '../jobs/command-text';
import { plural } from '../text/numbers';
import { announce } from '../ui/announce';
import { toast } from '../ui/toast';
import { forgetUploads, uploaded } from './uploads';
import type { Plan } from './use-draft';

/** Throws what the server says about the first batch, so that it is shown at the fields. */
export async function submitPlans(
  plans: readonly Plan[],
  toSubmission: (plan: Plan, path: string | null) => Submission,
): Promise<string[]> {
  const bySource = Map.groupBy(plans, ({ source }) => source?.key ?? '');
  const ready: Plan[] = [];
  const waiting: Plan[][] = [];
  for (const group of bySource.values()) {
    const source = group[0]?.source;
    if (!source || source.path) ready.push(...group);
    else waiting.push(group);
  }
  const ids = await enqueue(ready.map((plan) => toSubmission(plan, plan.source?.path ?? null)));
  forgetUploads(ready.flatMap(({ source }) => source?.upload?.key ?? []));
  // The page may be left meanwhile; the uploads go on.
  for (const group of waiting) void whenUploaded(group, toSubmission);
  return ids;
}

async function whenUploaded(
  group: Plan[],
  toSubmission: (plan: Plan, path: string | null) => Submission,
): Promise<void> {
  const key = group[0]?.source?.key;
  if (!key) return;
  const stored = await uploaded(key);
  if (!stored) return;
  try {
    await enqueue(group.map((plan) => toSubmission(plan, stored.path)));
    forgetUploads([key]);
  } catch (error) {
    toast(`${group[0]?.source?.name ?? 'A file'}: ${(error as Error).message}`, { tone: 'bad' });
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
