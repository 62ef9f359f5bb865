import type { Command } from 'commander';
import type { AnyJob } from '../../core/job.ts';
import { describeTask, describeTasks } from '../../core/registry.ts';
import { paint, print, printJson, printTable } from '../output.ts';
import { describeParams, type ParamText, typeNotes } from '../param-text.ts';
import { exampleCall, registry, usualVerb } from '../task-commands.ts';

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
  const params = describeParams(job);
  if (params.length === 0) print('It takes no parameters.');
  const names = Math.max(...params.map(({ name }) => name.length));
  for (const param of params) showParam(param, names + 2);
  const notes = typeNotes(params);
  if (notes.length > 0) print();
  for (const note of notes) print(note);
  print();
  print(`${paint('dim', '$')} ${exampleCall(job, usualVerb(job))}`);
}

/** The name and what may be given in one line, what it is below. */
function showParam(param: ParamText, indent: number): void {
  const { name, type, required, allowed, unit, description, excludes, examples } = param;
  const facts = [
    ...(type === 'choice' ? [] : [type]),
    [allowed, unit].filter(Boolean).join(' '),
    required ? 'required' : '',
    param.default === null ? '' : `default ${param.default}`,
    examples.length > 0 ? `such as ${examples.join(' or ')}` : '',
  ].filter(Boolean);
  const alone = excludes.length > 0 ? ` Not together with ${excludes.join(' or ')}.` : '';
  print(`${paint('bold', name)}${' '.repeat(indent - name.length)}${facts.join('; ')}`);
  for (const line of wrap(description + alone, LINE - indent)) print(' '.repeat(indent) + line);
}

/** Long enough to need few lines, short enough to be read. */
const LINE = 100;

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines.splice(-1, 1, `${last} ${word}`);
    else lines.push(word);
  }
  return lines;
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
