/** Runs of recipes on a server: followed, canceled, and the failed steps done again. */
import type { Command } from 'commander';
import { addServerFlag, type Client, clientFor } from '../client.ts';
import { statusWord } from '../job-view.ts';
import { note, print, printJson, printTable } from '../output.ts';
import type { RunView } from '../run-view.ts';
import { addConfigFlags } from '../settings.ts';
import { followRun } from '../watch-run.ts';

interface RunOptions {
  json?: boolean;
  wait?: boolean;
  server?: string;
}

export function addRecipeRuns(recipe: Command): void {
  onRun(
    recipe,
    'watch',
    'Follow a run on a server until all steps have ended; exit 1 unless all have finished.',
    (client, id, { json }) => followRun(client, id, Boolean(json)),
  ).option('--json', 'print the run, when it has ended, as JSON');

  onRun(
    recipe,
    'retry',
    'Do the steps of a run again that failed or were canceled; what has finished stays.',
    async (client, id, options) => {
      const run = await client.post<RunView>(`${pathOf(id)}/retry`);
      await followOrTell(client, run, options);
    },
  )
    .option('--wait', 'stay until all steps have ended; exit 1 when one has not finished')
    .option('--json', 'print the run as JSON');

  onRun(
    recipe,
    'cancel',
    'Cancel the steps of a run that have not ended; what has finished stays.',
    async (client, id, options) => {
      const run = await client.post<RunView>(`${pathOf(id)}/cancel`);
      if (options.json) printJson(run);
      else printSteps(run);
    },
  ).option('--json', 'print the run as JSON');
}

/** What follows when a run was handed in or begun again: it is waited for, or said how. */
export async function followOrTell(client: Client, run: RunView, options: RunOptions): Promise<void> {
  const { json, wait, server } = options;
  if (wait) {
    if (!json) note(`${run.id}  ${run.status}`);
    return await followRun(client, run.id, Boolean(json));
  }
  if (json) return printJson(run);
  printSteps(run);
  if (run.output_path) note(`Outputs go into ${run.output_path}.`);
  const where = server === undefined ? '' : ` --server ${server}`;
  note(
    `\`mediamill recipe watch ${run.id}${where}\` follows the run, \`mediamill jobs watch JOB${where}\` one step.`,
  );
}

function printSteps({ id, status, steps }: RunView): void {
  print(`${id}  ${statusWord(status)}`);
  printTable(
    ['STEP', 'STATUS', 'JOB', 'TASK'],
    steps.map((step) => [step.id, statusWord(step.status), step.job_id, step.task]),
  );
}

function onRun(
  recipe: Command,
  name: string,
  about: string,
  action: (client: Client, id: string, options: RunOptions) => Promise<void>,
): Command {
  const command = recipe
    .command(name)
    .description(about)
    .argument('<run>', 'id of the run, as `recipe enqueue` prints it')
    .action((id: string, options: RunOptions) => action(clientFor(command), id, options));
  addServerFlag(command);
  return addConfigFlags(command, []);
}

function pathOf(id: string): string {
  return `/api/runs/${encodeURIComponent(id)}`;
}
