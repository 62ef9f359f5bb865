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
  many(jobs, 'cancel', 'Cancel jobs that wait or run.', (client, id) => client.post(`${pathOf(id)}/cancel`));
  many(jobs, 'retry', 'Run ended jobs again.', (client, id) => client.post(`${pathOf(id)}/retry`));
  many(jobs, 'delete', 'Forget jobs that wait or have ended.', (client, id, { files }) =>
    client.delete(`${pathOf(id)}${files ? '?files=true' : ''}`),
  ).option('--files', 'delete what they have written, too');
}

function pathOf(id: string): string {
  return `/api/jobs/${encodeURIComponent(id)}`;
}

interface Shared {
  json?: boolean;
  follow?: boolean;
  files?: boolean;
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

/** For several jobs at once: all are tried, and the first failure is reported at the end. */
function many(
  parent: Command,
  name: string,
  about: string,
  change: (client: Client, id: string, options: Shared) => Promise<unknown>,
): Command {
  const command = parent.command(name).description(about).argument('<id...>', 'ids of the jobs');
  command.action(async (ids: string[], options: Shared) => {
    const client = clientFor(command);
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
