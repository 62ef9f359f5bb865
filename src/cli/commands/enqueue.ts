import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { MillError } from '../../core/errors.ts';
import { readBatchFile } from '../batch-file.ts';
import { addServerFlag, type Client, clientFor } from '../client.ts';
import { print, printJson } from '../output.ts';
import { addConfigFlags } from '../settings.ts';
import { addTaskForms } from '../task-commands.ts';
import { follow } from '../watch-job.ts';

/** Fields of `POST /api/enqueue` beside the task; `option` is commander's name of the flag. */
const FIELDS: { flag: string; option: string; field: string; about: string }[] = [
  {
    flag: '--priority <0-100>',
    option: 'priority',
    field: 'priority',
    about: 'higher starts first; default 50',
  },
  { flag: '--delay-ms <ms>', option: 'delayMs', field: 'delay_ms', about: 'wait before it may start' },
  { flag: '--attempts <n>', option: 'attempts', field: 'attempts', about: 'most attempts' },
  {
    flag: '--job-timeout <seconds>',
    option: 'jobTimeout',
    field: 'timeout_seconds',
    about: 'wall-clock limit of one attempt',
  },
  {
    flag: '--after <id,…>',
    option: 'after',
    field: 'depends_on',
    about: 'jobs that must finish first',
  },
  {
    flag: '--on-parent-failure <wait|fail>',
    option: 'onParentFailure',
    field: 'on_parent_failure',
    about: 'when one of those fails or is canceled: wait (default), or fail as well',
  },
  {
    flag: '--idempotency-key <key>',
    option: 'idempotencyKey',
    field: 'idempotency_key',
    about: 'a second call with the same key answers with the first job',
  },
];

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
  for (const { flag, about } of FIELDS) enqueue.addOption(new Option(flag, about).helpGroup('Job:'));
  addServerFlag(enqueue);
  addConfigFlags(enqueue, []);
  addTaskForms(enqueue, {
    inputHelp: 'a file_id, /data/input/…, or a file of this machine with --upload',
    outputHelp: '/data/output/…; chosen by the server when left out',
    fields: FIELDS.map(({ field }) => field),
    json: async (read, command) => submit(read(), command),
    task: submit,
    alone: submitBatch,
  });
  enqueue.usage(`${enqueue.usage()}   or   [options] --batch FILE`);
}

/** Flags that speak of one job; each job of a batch has fields of its own. */
const OF_ONE_JOB = ['upload', 'wait', ...FIELDS.map(({ option }) => option)];

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
    options.upload && request.input_path ? await upload(client, request.input_path) : request.input_path;
  const body = { ...withoutNulls({ ...request, input_path: input }), ...fieldsOf(options) };
  const answer = await client.post<Enqueued>('/api/enqueue', body);
  if (options.wait) await follow(client, answer.job_id, Boolean(options.json));
  else if (options.json) printJson(answer);
  else print(`${answer.job_id}  ${answer.status}`);
}

async function upload(client: Client, path: string): Promise<string> {
  const content = await openAsBlob(path).catch((error: Error) => {
    throw new MillError('input_not_found', `"${path}" cannot be read: ${error.message}.`, { cause: error });
  });
  const form = new FormData();
  form.append('file', content, basename(path));
  return (await client.upload<{ path: string }>('/api/upload', form)).path;
}

function fieldsOf(options: Record<string, unknown>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const { option, field } of FIELDS) {
    const text = options[option];
    if (typeof text === 'string') fields[field] = fieldValue(field, text);
  }
  return fields;
}

/** Text that is no number stays, and the server says what is wrong with it. */
function fieldValue(field: string, text: string): unknown {
  if (field === 'depends_on') return text.split(',').map((id) => id.trim());
  return field === 'idempotency_key' || Number.isNaN(Number(text)) ? text : Number(text);
}

function withoutNulls(request: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null));
}
