import type { Command } from 'commander';
import { MillError } from '../../core/errors.ts';
import { readBatchFile } from '../batch-file.ts';
import { addServerFlag, clientFor } from '../client.ts';
import { addJobFields, givenFields, JOB_FIELDS } from '../job-fields.ts';
import { print, printJson } from '../output.ts';
import { addConfigFlags } from '../settings.ts';
import { addTaskForms } from '../task-commands.ts';
import { uploadInput } from '../upload-input.ts';
import { follow } from '../watch-job.ts';

interface Enqueued {
  job_id: string;
  status: string;
}

export function addEnqueue(program: Command): void {
  const enqueue = program
    .command('enqueue')
    .description('Hand a job to a running server, or many at once.')
    .option(
      '--batch <file>',
      'many jobs, all or none: a JSON array of requests, or one a line; - reads what is piped in',
    )
    .option('--upload', 'send the input from this machine first; else it names a file in the storage')
    .option('--wait', 'stay until the job has ended; exit 1 when it failed')
    .option('--json', 'print the answer of the server as JSON');
  addJobFields(enqueue, JOB_FIELDS, 'Job:');
  addServerFlag(enqueue);
  addConfigFlags(enqueue, []);
  addTaskForms(enqueue, {
    inputHelp: 'a file_id, /data/input/…, or a file of this machine with --upload',
    outputHelp: '/data/output/…; chosen by the server when left out',
    fields: JOB_FIELDS.map(({ field }) => field),
    json: async (read, command) => submit(read(), command),
    task: submit,
    alone: submitBatch,
  });
  enqueue.usage(`${enqueue.usage()}   or   [options] --batch FILE`);
}

/** Flags that speak of one job; each job of a batch has fields of its own. */
const OF_ONE_JOB = ['upload', 'wait', ...JOB_FIELDS.map(({ option }) => option)];

async function submitBatch(command: Command): Promise<void> {
  const options = command.optsWithGlobals<Record<string, unknown> & { batch?: string; json?: boolean }>();
  if (options.batch === undefined) {
    throw new MillError('invalid_request', 'Give a task, a request as JSON, or --batch FILE.');
  }
  refuseFlags(options);
  const jobs = await readBatchFile(options.batch);
  const answer = await clientFor(command).post<{ jobs: Enqueued[] }>('/api/enqueue/batch', { jobs });
  if (options.json) return printJson(answer);
  for (const { job_id: id, status } of answer.jobs) print(`${id}  ${status}`);
}

function refuseFlags(options: Record<string, unknown>): void {
  const given = OF_ONE_JOB.find((option) => options[option] !== undefined);
  if (given === undefined) return;
  const flag = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new MillError('invalid_request', `--${flag} is for one job; in a batch each job says it for itself.`);
}

async function submit(request: object & { input_path: string | null }, command: Command): Promise<void> {
  const client = clientFor(command);
  const options = command.optsWithGlobals<Record<string, unknown>>();
  if (options.batch !== undefined) {
    throw new MillError('invalid_request', 'Give either a job or --batch FILE, not both.');
  }
  const input =
    options.upload && request.input_path ? await uploadInput(client, request.input_path) : request.input_path;
  const body = { ...withoutNulls({ ...request, input_path: input }), ...givenFields(options, JOB_FIELDS) };
  const answer = await client.post<Enqueued>('/api/enqueue', body);
  if (options.wait) await follow(client, answer.job_id, Boolean(options.json));
  else if (options.json) printJson(answer);
  else print(`${answer.job_id}  ${answer.status}`);
}

function withoutNulls(request: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null));
}
