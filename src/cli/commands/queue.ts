import type { Command } from 'commander';
import { addServerFlag, type Client, clientFor } from '../client.ts';
import { statusWord } from '../job-view.ts';
import { paint, print, printJson } from '../output.ts';
import { addConfigFlags } from '../settings.ts';
import { age } from '../wording.ts';

interface QueueState {
  paused: boolean;
  reason: string | null;
  since: string | null;
  counts?: Record<string, number>;
}

interface Options {
  json?: boolean;
  reason?: string;
}

export function addQueue(program: Command): void {
  const queue = program
    .command('queue')
    .description('Look at the queue of a running server; pause it and let it go on.');
  sub(queue, 'status', 'Say whether the queue is paused, and what it holds.', (client) =>
    client.get<QueueState>('/api/queue'),
  );
  sub(
    queue,
    'pause',
    'Start nothing new, on all workers, until `queue resume`. Running jobs go on, new ones are taken in.',
    (client, { reason }) => client.post<QueueState>('/api/queue/pause', reason ? { reason } : {}),
  ).option('--reason <text>', 'shown wherever the pause is shown');
  sub(queue, 'resume', 'Start jobs again.', (client) => client.post<QueueState>('/api/queue/resume'));
}

function sub(
  parent: Command,
  name: string,
  about: string,
  ask: (client: Client, options: Options) => Promise<QueueState>,
): Command {
  const command = parent.command(name, { isDefault: name === 'status' }).description(about);
  command.option('--json', 'print what the server answers as JSON');
  command.action(async (options: Options) => {
    const state = await ask(clientFor(command), options);
    if (options.json) printJson(state);
    else printState(state);
  });
  addServerFlag(command);
  return addConfigFlags(command, []);
}

function printState({ paused, reason, since, counts }: QueueState): void {
  const how = since === null ? '' : `  since ${age(since, Date.now())}`;
  print(
    paused ? `${paint('yellow', 'paused')}${how}${reason ? `  ${reason}` : ''}` : paint('green', 'running'),
  );
  for (const [status, count] of Object.entries(counts ?? {})) {
    if (count > 0) print(`${String(count).padStart(7)}  ${statusWord(status)}`);
  }
}
