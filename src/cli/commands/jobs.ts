import type { Command } from 'commander';
import { MillError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { addServerFlag, type Client, clientFor } from '../client.ts';
import { describeJob, type JobView, outcome, statusWord } from '../job-view.ts';
import { note, paint, print, printJson, printTable } from '../output.ts';
import { addConfigFlags } from '../settings.ts';
import { follow } from '../watch-job.ts';
import { age } from '../wording.ts';

interface JobPage {
  jobs: JobView[];
  next_cursor: string | null;
  counts: Record<string, number>;
}

interface LogLine {
  seq: number;
  at: string;
  level: string;
  text: string;
  attempt: number;
}

/** What a line of a table shows of a long sentence. */
const OUTCOME_LENGTH = 60;
const LOGS_EVERY_MS = 1000;

export function addJobs(program: Command): void {
  const jobs = program.command('jobs').description('Look at the jobs of a running server, and change them.');
  addList(jobs);
  one(jobs, 'show', 'Show one job.', async (client, id, { json }) => {
    const job = await client.get<JobView>(pathOf(id));
    if (json) printJson(job);
    else
      for (const [name, value] of describeJob(job, Date.now()))
        print(`${paint('dim', name.padEnd(9))} ${value}`);
  });
  one(jobs, 'watch', 'Follow a job until it has ended; exit 1 unless it finished.', (client, id, { json }) =>
    follow(client, id, Boolean(json)),
  );
  one(jobs, 'logs', 'Print the log of a job.', printLogs).option('--follow', 'go on until the job has ended');
  many(jobs, 'cancel', 'Cancel jobs that wait or run: by their ids, or all that match.', (client, id) =>
    client.post(`${pathOf(id)}/cancel`),
  );
  many(jobs, 'retry', 'Run ended jobs again: by their ids, or all that match.', (client, id) =>
    client.post(`${pathOf(id)}/retry`),
  ).option('--failed', 'all that have failed; the same as --status failed');
  many(
    jobs,
    'delete',
    'Forget jobs that wait or have ended: by their ids, or all that match.',
    (client, id, { files }) => client.delete(`${pathOf(id)}${files ? '?files=true' : ''}`),
  ).option('--files', 'delete what they have written, too');
}

function pathOf(id: string): string {
  return `/api/jobs/${encodeURIComponent(id)}`;
}

interface Shared {
  json?: boolean;
  follow?: boolean;
  files?: boolean;
  failed?: boolean;
  status?: string;
  task?: string;
  q?: string;
}

/** What the server answers to an action on many jobs. */
interface Done {
  done: number;
  ids: string[];
  refused: { id: string; code: string; detail: string }[];
}

function withServer(command: Command): Command {
  addServerFlag(command.option('--json', 'print what the server answers as JSON'));
  return addConfigFlags(command, []);
}

function one(
  parent: Command,
  name: string,
  about: string,
  action: (client: Client, id: string, options: Shared) => Promise<void>,
): Command {
  const command = parent.command(name).description(about).argument('<id>', 'id of the job');
  command.action((id: string, options: Shared) => action(clientFor(command), id, options));
  return withServer(command);
}

/** For several jobs at once, named or matched: all are tried, and the first failure is reported at the end. */
function many(
  parent: Command,
  name: string,
  about: string,
  change: (client: Client, id: string, options: Shared) => Promise<unknown>,
): Command {
  const command = parent
    .command(name)
    .description(about)
    .argument('[id...]', 'ids of the jobs')
    .option('--status <word,…>', 'all jobs with one of these statuses')
    .option('--task <name>', 'all jobs of this task')
    .option('--q <text>', 'all jobs with this text in id, task, paths or error');
  command.action(async (ids: string[], options: Shared) => {
    const client = clientFor(command);
    const filter = filterOf(options);
    if (ids.length > 0 === (filter !== null)) throw whichJobs(name, filter !== null);
    if (filter !== null) return await matching(client, name, filter, options);
    const results = await Promise.allSettled(ids.map((id) => change(client, id, options)));
    for (const [index, result] of results.entries()) {
      if (result.status === 'rejected') continue;
      if (options.json) printJson(result.value);
      else print(`${ids[index]}  ${statusAfter(name, result.value)}`);
    }
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  });
  return withServer(command);
}

/** Null when no jobs are asked for by what they are. */
function filterOf({ failed, status, task, q }: Shared): Record<string, unknown> | null {
  const statuses = failed ? ['failed'] : status?.split(',').map((word) => word.trim());
  const filter = { ...(statuses && { status: statuses }), ...(task && { task }), ...(q && { q }) };
  return Object.keys(filter).length > 0 ? filter : null;
}

function whichJobs(name: string, both: boolean): MillError {
  const what = both ? 'Give either ids or a filter, not both.' : 'Give the ids of the jobs, or a filter.';
  const example = name === 'retry' ? '`jobs retry --failed`' : `\`jobs ${name} --task NAME\``;
  return new MillError('invalid_request', `${what} ${example} takes all that match.`);
}

async function matching(
  client: Client,
  action: string,
  filter: Record<string, unknown>,
  { json, files }: Shared,
): Promise<void> {
  if (files) throw new MillError('invalid_request', '--files goes with ids only.');
  const answer = await client.post<Done>('/api/jobs/actions', { action, filter });
  if (json) return printJson(answer);
  const done = { cancel: 'canceled', retry: 'queued again', delete: 'deleted' }[action] ?? action;
  print(`${answer.done} ${done}`);
  for (const { id, detail } of answer.refused) note(`${id}  ${detail}`);
}

function statusAfter(name: string, answer: unknown): string {
  const { status } = (answer ?? {}) as Partial<JobView>;
  return name === 'delete' || status === undefined ? 'deleted' : statusWord(status);
}

function addList(jobs: Command): void {
  const list = jobs
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List jobs, newest first.')
    .option(
      '--status <word,…>',
      'only these: queued, scheduled, deferred, started, finished, failed, canceled',
    )
    .option('--task <name>', 'only of this task')
    .option('--q <text>', 'only with this text in id, task, paths or error')
    .option('--limit <n>', 'how many, 1 to 200', '20')
    .option('--cursor <text>', 'go on from the last line of the page before')
    .action(async (options: Record<string, string | undefined> & Shared) => {
      // As the default it gets every word that is no command.
      const [word] = list.args;
      if (word !== undefined) throw unknownWord(word, jobs);
      const { status, task, q, limit, cursor, json } = options;
      const page = await clientFor(list).get<JobPage>('/api/jobs', { status, task, q, limit, cursor });
      if (json) printJson(page);
      else printPage(page);
    });
  withServer(list);
}

function unknownWord(word: string, jobs: Command): MillError {
  const known = jobs.commands.map((command) => command.name());
  const close = nearest(word, known);
  const hint = close ? `Did you mean "${close}"?` : `Known are: ${known.join(', ')}.`;
  return new MillError('invalid_request', `There is no "jobs ${word}". ${hint}`);
}

function printPage({ jobs, next_cursor: cursor, counts }: JobPage): void {
  const now = Date.now();
  if (jobs.length > 0) {
    printTable(
      ['ID', 'STATUS', 'TASK', 'AGE', 'OUTCOME'],
      jobs.map((job) => [
        job.id,
        statusWord(job.status),
        job.task,
        age(job.created_at, now),
        shorten(outcome(job), OUTCOME_LENGTH),
      ]),
    );
  }
  const summary = Object.entries(counts).flatMap(([status, count]) =>
    count > 0 ? [`${count} ${status}`] : [],
  );
  note(paint('dim', summary.length > 0 ? summary.join(', ') : 'No jobs.', process.stderr));
  if (cursor) note(paint('dim', `More with --cursor ${cursor}`, process.stderr));
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

async function printLogs(client: Client, id: string, { json, follow: goOn }: Shared): Promise<void> {
  let after = 0;
  for (;;) {
    const job = goOn ? await client.get<JobView>(pathOf(id)) : null;
    const { lines } = await client.get<{ lines: LogLine[] }>(`${pathOf(id)}/logs`, { after: String(after) });
    for (const line of lines) {
      after = line.seq;
      if (json) print(JSON.stringify(line));
      else print(`${paint('dim', line.at)} ${line.level.padEnd(5)} ${line.text}`);
    }
    if (!job || job.ended_at) return;
    await new Promise((done) => setTimeout(done, LOGS_EVERY_MS));
  }
}
