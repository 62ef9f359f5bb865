/**
 * Writes the pages of docs/reference from the schemas: `node scripts/gen-docs.ts`. With `--check` nothing is
 * written, and the exit code is 1 when a page is not what it would be.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { createProgram } from '../src/cli/program.ts';
import { registry } from '../src/cli/task-commands.ts';
import { type ConfigKey, configKeys } from '../src/core/config-keys.ts';
import { ERRORS } from '../src/core/errors.ts';
import { JOB_GROUPS, type JobGroup } from '../src/core/job.ts';
import { table } from './markdown.ts';

const GENERATED = '<!-- Written by `npm run gen`; change the schemas, not this file. -->';

async function main(check: boolean): Promise<void> {
  const stale: string[] = [];
  for (const [path, wanted] of Object.entries(await referencePages())) {
    const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
    if ((await readFile(file, 'utf8').catch(() => null)) === wanted) continue;
    stale.push(path);
    if (check) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, wanted);
  }
  if (stale.length > 0) console.log(`${check ? 'Stale, run `npm run gen`' : 'Written'}: ${stale.join(', ')}`);
  if (check && stale.length > 0) process.exitCode = 1;
}

/** Text of every generated page, and of pages with generated parts, by its path in the repository. */
export async function referencePages(): Promise<Record<string, string>> {
  return {
    'README.md': await withPart('README.md', 'tasks', taskOverview()),
    'THIRD_PARTY.md': await withPart('THIRD_PARTY.md', 'dependencies', await dependencyTable()),
    'docs/reference/configuration.md': configurationPage(),
    'docs/reference/commands.md': await commandsPage(),
    'docs/reference/errors.md': errorsPage(),
  };
}

/** The page as it is, with the text between its two markers replaced. */
async function withPart(path: string, name: string, part: string): Promise<string> {
  const text = await readFile(new URL(`../${path}`, import.meta.url), 'utf8');
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${path} has no ${begin} … ${end}`);
  return `${before}${begin}\n\n${part}\n\n${end}${after}`;
}

const GROUP_TITLES: Record<JobGroup, string> = {
  acquisition: 'Acquisition',
  video: 'Video',
  audio: 'Audio',
  binary: 'Files',
};

function taskOverview(): string {
  const { jobs } = registry();
  const rows = JOB_GROUPS.flatMap((group) => {
    const members = jobs.filter((job) => job.group === group);
    return members.length > 0
      ? [[GROUP_TITLES[group], members.map(({ name }) => `\`${name}\``).join(', ')]]
      : [];
  });
  return table(['', 'Tasks'], rows);
}

/** What package.json asks for, with the licence that each package states. */
async function dependencyTable(): Promise<string> {
  const manifest = await readManifest('../package.json');
  const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).sort();
  const rows = await Promise.all(
    names.map(async (name) => {
      const { version = '', license = '' } = await readManifest(`../node_modules/${name}/package.json`);
      return [
        `[${name}](https://www.npmjs.com/package/${name})`,
        version,
        license,
        name in (manifest.dependencies ?? {}) ? 'program' : 'development',
      ];
    }),
  );
  return table(['Package', 'Version', 'Licence', 'Used by'], rows);
}

interface Manifest {
  version?: string;
  license?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

async function readManifest(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8'));
}

function page(title: string, intro: string, parts: string[]): string {
  return `${[`# ${title}`, GENERATED, intro, ...parts].join('\n\n')}\n`;
}

function configurationPage(): string {
  const keys = configKeys();
  const sections = [...new Set(keys.map((key) => key.section))];
  return page(
    'Settings',
    'How they are given, and what goes before what: [configuration](../configuration.md).',
    sections.map((section) => {
      const rows = keys.filter((key) => key.section === section).map(configurationRow);
      return `## [${section}]\n\n${table(['Key', 'Default', 'What it is', 'Variable and flag'], rows)}`;
    }),
  );
}

function configurationRow(key: ConfigKey): string[] {
  const range = key.values
    ? `One of ${key.values.map((word) => `\`${word}\``).join(', ')}.`
    : key.kind === 'number'
      ? `${key.min} to ${key.max}.`
      : '';
  const flag = key.flag ? ` \`--${key.flag}\`` : '';
  return [
    `\`${key.key}\``,
    `\`${JSON.stringify(key.default)}\``,
    `${key.description} ${range}`.trim(),
    `\`${key.env}\`${flag}`,
  ];
}

async function commandsPage(): Promise<string> {
  const program = await createProgram();
  const help = (command: Command) =>
    command
      .configureHelp({ ...command.configureHelp(), helpWidth: 100 })
      .helpInformation()
      .trimEnd();
  return page(
    'Commands',
    'What `--help` prints. The tasks of `run` and `enqueue` are on [a page of their own](jobs.md).',
    program.commands.map((command) => {
      const inner = command.name() === 'jobs' ? command.commands : [];
      return `## ${command.name()}\n\n${[command, ...inner].map((each) => `\`\`\`text\n${help(each)}\n\`\`\``).join('\n\n')}`;
    }),
  );
}

function errorsPage(): string {
  return page(
    'Errors',
    'Every failure has one of these codes: in problem documents of the API, in `error.code` of a job, and on the command line. A code never changes its meaning. Jobs are tried again by themselves only where the last column says so.',
    [
      table(
        ['Code', 'HTTP', 'What it means', 'What to do', 'Tried again'],
        Object.entries(ERRORS).map(([code, { status, title, next, retryable }]) => [
          `\`${code}\``,
          String(status),
          `${title}.`,
          next,
          retryable ? 'yes' : 'no',
        ]),
      ),
    ],
  );
}

if (import.meta.main) await main(process.argv.includes('--check'));
