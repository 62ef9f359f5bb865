/** The text of docs/reference/jobs.md: every task with its parameters, a call and its result. */
import { describeParams, type ParamText, typeNotes } from '../src/cli/param-text.ts';
import { exampleCall, usualVerb } from '../src/cli/task-commands.ts';
import { type AnyJob, JOB_GROUPS, type JobGroup } from '../src/core/job.ts';
import { table } from './markdown.ts';

const GROUP_TITLES: Record<JobGroup, string> = {
  acquisition: 'Acquisition',
  video: 'Video',
  audio: 'Audio',
  binary: 'Files',
};

const INTRO = `Each is called the same way by [the API](../api.md), by \`mediamill enqueue\`, and on your own files by \`mediamill run\`. Parameters nobody knows are refused, and the nearest known one is named.

The result of a job has \`message\`, \`output_path\`, \`outputs\`, \`metrics\`, \`warnings\`, and as \`data\` what is shown here, made from small test files, with long lists cut. A test runs every example.`;

export function jobsPage(jobs: readonly AnyJob[]): string {
  const groups = JOB_GROUPS.map((group) => ({ group, members: jobs.filter((job) => job.group === group) }));
  return `${[
    '# Jobs',
    '<!-- Written by `npm run gen`; change the jobs, not this file. -->',
    INTRO,
    typeNotes(jobs.flatMap(describeParams)).join('\n'),
    groups
      .map(({ group, members }) => `- ${GROUP_TITLES[group]}: ${members.map(link).join(', ')}`)
      .join('\n'),
    ...groups.flatMap(({ group, members }) => [`## ${GROUP_TITLES[group]}`, ...members.flatMap(section)]),
  ].join('\n\n')}\n`;
}

const link = ({ name }: AnyJob) => `[${name}](#${name})`;

function section(job: AnyJob): string[] {
  const params = describeParams(job);
  return [
    `### ${job.name}`,
    `**${job.title}.** ${job.description}`,
    `Input: ${inputWords(job)}. Output: ${outputWords(job)}.`,
    params.length > 0
      ? table(['Parameter', 'Type', 'Default', 'Allowed', 'Unit', 'What it is'], params.map(row))
      : 'It takes no parameters.',
    `\`\`\`sh\n${curl(job)}\n${exampleCall(job, usualVerb(job))}\n\`\`\``,
    ...(job.example.result ? [`\`\`\`json\n${JSON.stringify(job.example.result, null, 2)}\n\`\`\``] : []),
  ];
}

function row(param: ParamText): string[] {
  const { name, type, required, allowed, unit, description, excludes, examples } = param;
  const alone = excludes.map((other) => `\`${other}\``).join(' or ');
  const words = [
    description,
    ...(alone ? [`Not together with ${alone}.`] : []),
    ...(examples.length > 0 ? [`Such as ${examples.map((example) => `\`${example}\``).join(', ')}.`] : []),
  ];
  const choices = type === 'choice' ? allowed.split(', ').map((word) => `\`${word}\``) : [];
  return [
    `\`${name}\``,
    type,
    required ? 'required' : param.default === null ? '' : `\`${param.default}\``,
    choices.length > 0 ? choices.join(', ') : allowed,
    unit,
    words.join(' '),
  ];
}

function inputWords({ input }: AnyJob): string {
  const kinds = {
    media: 'a media file',
    file: 'any file',
    file_or_directory: 'any file or folder',
    none: 'none',
  };
  const needs = input.needs ? ` with ${input.needs}` : '';
  return `${kinds[input.kind]}${needs}${input.optional ? ', may be left out' : ''}`;
}

function outputWords({ output }: AnyJob): string {
  if (output.kind === 'none') return 'none';
  const names = output.extensions.map((extension) => `\`${extension}\``).join(', ');
  if (output.kind === 'directory') return 'a folder';
  if (!names) return 'a file of any name';
  const own = output.prefer === 'input' ? "the input's extension where it is one of these, else " : '';
  const standard = output.extensions.length > 1 ? `; without a name ${own}\`${output.extensions[0]}\`` : '';
  return `a file named ${names}${standard}`;
}

/** As a shell takes it, the JSON in single quotes. */
function curl({ name, example: { input_path, output_path, params } }: AnyJob): string {
  const request = JSON.stringify({ task: name, input_path, output_path, params });
  return `curl localhost:5000/api/enqueue -H 'content-type: application/json' -d '${request.replaceAll("'", "'\\''")}'`;
}
