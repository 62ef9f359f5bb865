import type { Command } from 'commander';
import type { AnyJob } from '../../core/job.ts';
import { describeTask, describeTasks } from '../../core/registry.ts';
import { paint, print, printJson, printTable } from '../output.ts';
import { helpText, paramsOf } from '../param-flags.ts';
import { exampleCall, registry } from '../task-commands.ts';

export function addTasks(program: Command): void {
  program
    .command('tasks')
    .description('List the tasks, or show one with its parameters.')
    .argument('[name]', 'a task')
    .option('--json', 'print what GET /api/tasks answers')
    .action((name: string | undefined, { json }: { json?: boolean }) => {
      const known = registry();
      if (name === undefined) {
        if (json) printJson(describeTasks(known));
        else listTasks(known.jobs);
      } else if (json) printJson(describeTask(known.get(name)));
      else showTask(known.get(name));
    });
}

function listTasks(jobs: readonly AnyJob[]): void {
  printTable(
    ['GROUP', 'TASK', 'WHAT IT DOES'],
    [...jobs]
      .sort((a, b) => a.group.localeCompare(b.group) || a.name.localeCompare(b.name))
      .map((job) => [job.group, job.name, job.title]),
  );
}

function showTask(job: AnyJob): void {
  print(`${paint('bold', job.name)}  ${job.title}`);
  print(job.description);
  print();
  print(`Input   ${inputWords(job)}`);
  print(`Output  ${outputWords(job)}`);
  print();
  const params = paramsOf(job);
  if (params.length === 0) print('It takes no parameters.');
  else
    printTable(
      ['PARAMETER', 'WHAT IT IS'],
      params.map((param) => [param.name, helpText(param)]),
    );
  print();
  print(`${paint('dim', '$')} ${exampleCall(job, 'run')}`);
}

function inputWords({ input }: AnyJob): string {
  const kinds = {
    media: 'a media file',
    file: 'any file',
    file_or_directory: 'any file or folder',
    none: 'none',
  };
  const needs = input.needs ? ` with ${input.needs === 'audio' ? 'an audio' : 'a video'} stream` : '';
  return `${kinds[input.kind]}${needs}${input.optional ? ', may be left out' : ''}`;
}

function outputWords({ output }: AnyJob): string {
  if (output.kind === 'none') return 'none';
  const kind = output.kind === 'file' ? 'a file' : 'a folder';
  return output.extensions.length > 0 ? `${kind} (${output.extensions.join(', ')})` : kind;
}
