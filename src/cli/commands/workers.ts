import type { Command } from 'commander';
import { addServerFlag, type Client, clientFor } from '../client.ts';
import { note, paint, print, printJson, printTable } from '../output.ts';
import { addConfigFlags } from '../settings.ts';
import { age, size } from '../wording.ts';

/** What is printed of a worker. */
interface WorkerView {
  id: string;
  state: keyof typeof COLOURS;
  detail?: string;
  jobs: string[];
  concurrency: number;
  busy?: number;
  started_at: string;
  memory_bytes?: number;
  current?: { task: string }[];
}

interface Options {
  json?: boolean;
  reason?: string;
}

const COLOURS = { running: 'green', paused: 'yellow', draining: 'cyan' } as const;

export function addWorkers(program: Command): void {
  const workers = program
    .command('workers')
    .description('Look at the workers of a running server; pause single ones and let them go on.');
  const list = workers
    .command('list', { isDefault: true })
    .description('List the workers that are alive.')
    .action(async ({ json }: Options) => {
      const answer = await clientFor(list).get<{ workers: WorkerView[] }>('/api/workers');
      if (json) printJson(answer);
      else printWorkers(answer.workers);
    });
  withServer(list);
  change(
    workers,
    'pause',
    'Let workers take no more jobs; what they run goes on.',
    (client, id, { reason }) => client.post(`${pathOf(id)}/pause`, reason ? { reason } : {}),
  ).option('--reason <text>', 'shown wherever the worker is shown');
  change(
    workers,
    'resume',
    'Let paused workers take jobs again, also those that paused themselves.',
    (client, id) => client.post(`${pathOf(id)}/resume`),
  );
}

function pathOf(id: string): string {
  return `/api/workers/${encodeURIComponent(id)}`;
}

function withServer(command: Command): Command {
  addServerFlag(command.option('--json', 'print what the server answers as JSON'));
  return addConfigFlags(command, []);
}

function change(
  parent: Command,
  name: string,
  about: string,
  ask: (client: Client, id: string, options: Options) => Promise<unknown>,
): Command {
  const command = parent.command(name).description(about).argument('<id...>', 'ids of the workers');
  command.action(async (ids: string[], options: Options) => {
    const client = clientFor(command);
    for (const id of ids) {
      const answer = await ask(client, id, options);
      if (options.json) printJson(answer);
      else print(`${id}  ${name === 'pause' ? 'told to pause' : 'told to go on'}`);
    }
  });
  return withServer(command);
}

function printWorkers(workers: WorkerView[]): void {
  if (workers.length === 0) {
    note(paint('dim', 'No workers. Start one with `mediamill worker`.', process.stderr));
    return;
  }
  printTable(
    ['ID', 'STATE', 'JOBS', 'MEMORY', 'UP', 'DETAIL'],
    workers.map((worker) => [
      worker.id,
      paint(COLOURS[worker.state], worker.state),
      `${worker.busy ?? worker.jobs.length}/${worker.concurrency}`,
      worker.memory_bytes === undefined ? '' : size(worker.memory_bytes),
      age(worker.started_at, Date.now()),
      worker.detail ?? (worker.current ?? []).map(({ task }) => task).join(', '),
    ]),
  );
}
