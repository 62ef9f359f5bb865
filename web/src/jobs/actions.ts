/** Cancel, retry, remove: one job or many, each with its Undo. */
import { call, Failed, jobUrl, request } from '../api/client';
import { ENDED, type Job } from '../api/types';
import { type Filter, matches, sinceTime } from '../live/filter';
import { getJob, hideJobs, hideMatching, putJobs } from '../live/jobs-store';
import { plural } from '../text/numbers';
import { copyText } from '../ui/copy-button';
import { toast } from '../ui/toast';
import { curlText, submissionOf } from './command-text';

type Action = 'cancel' | 'retry' | 'delete';
/** As many ids as one request takes. */
const MOST_IDS = 1000;

interface Done {
  done: number;
  ids: string[];
  refused: { id: string; code: string; detail: string }[];
}

const WORDS: Record<Action, string> = { cancel: 'Canceled', retry: 'Retrying', delete: 'Removed' };

export function isEnded(job: Job | undefined): boolean {
  return job !== undefined && ENDED.includes(job.status);
}

/** Ids, or everything that matches a filter, the jobs that are not loaded too. */
export type Target = readonly string[] | { matching: Filter };

async function act(action: Action, target: Target): Promise<Done> {
  if ('matching' in target) {
    const { status, task, q } = target.matching;
    const created_after = sinceTime(target.matching) ?? undefined;
    return request('/api/jobs/actions', {
      method: 'POST',
      body: { action, filter: { ...(status ? { status: [status] } : {}), task, q, created_after } },
    });
  }
  const all: Done = { done: 0, ids: [], refused: [] };
  for (let at = 0; at < target.length; at += MOST_IDS) {
    const ids = target.slice(at, at + MOST_IDS);
    const part = await request<Done>('/api/jobs/actions', { method: 'POST', body: { action, ids } });
    all.done += part.done;
    all.ids.push(...part.ids);
    all.refused.push(...part.refused);
  }
  return all;
}

function say(action: Action, { done, refused }: Done, undo?: () => void): void {
  const [first] = refused;
  const why = first
    ? `${done > 0 ? ` ${plural(refused.length, 'job')} left as they are: ` : ''}${first.detail}`
    : '';
  if (done === 0 && first) toast(why, { tone: 'bad' });
  else if (done === 0) toast('There was nothing to do.');
  else toast(`${WORDS[action]} ${plural(done, 'job')}.${why}`, { undo });
}

async function attempt(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    toast(error instanceof Failed ? [error.message, error.next].join(' ') : String(error), { tone: 'bad' });
  }
}

export function cancelJobs(target: Target): Promise<void> {
  return attempt(async () => {
    const done = await act('cancel', target);
    await show(done.ids);
    say('cancel', done, () => void attempt(async () => show((await act('retry', done.ids)).ids)));
  });
}

export function retryJobs(target: Target): Promise<void> {
  return attempt(async () => {
    const done = await act('retry', target);
    await show(done.ids);
    say('retry', done, () => void attempt(async () => show((await act('cancel', done.ids)).ids)));
  });
}

/** The rows go at once; the server is told when the time for Undo is over. Files stay. */
export async function removeJobs(target: Target): Promise<void> {
  if ('matching' in target) {
    removeMatching(target.matching);
    return;
  }
  const running = target.filter((id) => getJob(id)?.status === 'started');
  const ids = target.filter((id) => !running.includes(id));
  if (ids.length === 0) return toast('A started job must be canceled first.', { tone: 'bad' });
  const bringBack = hideJobs(ids);
  toast(`Removed ${plural(ids.length, 'job')}${running.length > 0 ? `; ${running.length} still run` : ''}.`, {
    undo: bringBack,
    done: () => {
      const body = JSON.stringify({ action: 'delete', ids: ids.slice(0, MOST_IDS) });
      // Also while the page goes away.
      fetch('/api/jobs/actions', {
        method: 'POST',
        body,
        keepalive: body.length < 60_000,
        headers: { 'content-type': 'application/json' },
      })
        .then((answer) => (answer.ok ? undefined : bringBack()))
        .catch(bringBack);
    },
  });
}

/** All that match and have ended by now; those that end while Undo is offered stay. */
function removeMatching(filter: Filter): void {
  const ended_before = new Date().toISOString();
  const concerns = (job: Job) => isEnded(job) && (job.ended_at ?? '') < ended_before && matches(job, filter);
  const bringBack = hideMatching(concerns);
  toast('Removed all that match and have ended.', {
    undo: bringBack,
    done: () => {
      const { status, task, q } = filter;
      const created_after = sinceTime(filter) ?? undefined;
      const matching = { ...(status ? { status: [status] } : {}), task, q, created_after, ended_before };
      const body = { action: 'delete', filter: matching };
      void attempt(async () => {
        const { refused } = await request<Done>('/api/jobs/actions', {
          method: 'POST',
          body,
          keepalive: true,
        });
        const [first] = refused;
        if (first)
          toast(`${plural(refused.length, 'job')} could not be removed: ${first.detail}`, { tone: 'bad' });
      }).finally(bringBack);
    },
  });
}

export function retryAllFailed(): Promise<void> {
  return retryJobs({ matching: { status: 'failed' } });
}

export async function copyCurl(job: Job): Promise<void> {
  if (await copyText(curlText([submissionOf(job)]))) toast('Copied the curl line.');
}

/** The answer of an action is true before its event arrives. */
async function show(ids: readonly string[]): Promise<void> {
  const [only] = ids;
  if (ids.length !== 1 || !only) return;
  const job = await call('GET /api/jobs/{id}', { path: { id: only } }).catch(() => null);
  if (job) putJobs([job as Job]);
}

/** With what it wrote; the caller has asked. */
export async function removeWithFiles(id: string): Promise<boolean> {
  try {
    await request(jobUrl(id, '', { files: true }), { method: 'DELETE' });
    return true;
  } catch (error) {
    toast(error instanceof Failed ? error.message : String(error), { tone: 'bad' });
    return false;
  }
}
