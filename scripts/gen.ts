/**
 * Writes what is generated from the sources: `node scripts/gen.ts`. With `--check` nothing is written, and the
 * exit code is 1 when a file is not what it would be.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JOB_GROUPS } from '../src/core/job.ts';

interface Generated {
  /** Relative to the repository. */
  path: string;
  content(): Promise<string>;
}

const root = new URL('../', import.meta.url);

/** One entry a file, in this order: the page is made of the jobs in the index. */
const GENERATED: Generated[] = [
  { path: 'src/jobs/index.gen.ts', content: jobsIndex },
  { path: 'docs/reference/jobs.md', content: jobsReference },
  { path: 'web/src/api/schema.gen.ts', content: apiClient },
];

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const { path, content } of GENERATED) {
  const file = new URL(path, root);
  const wanted = await content();
  const present = await readFile(file, 'utf8').catch(() => null);
  if (present === wanted) continue;
  stale.push(path);
  if (check) continue;
  await mkdir(dirname(fileURLToPath(file)), { recursive: true });
  await writeFile(file, wanted);
}
if (stale.length > 0) console.log(`${check ? 'Stale, run `npm run gen`' : 'Written'}: ${stale.join(', ')}`);
if (check && stale.length > 0) process.exitCode = 1;

/** All files below the job folders with a default export, group by group, each by name. */
async function jobsIndex(): Promise<string> {
  const jobs: { name: string; path: string }[] = [];
  for (const group of JOB_GROUPS) {
    const folder = new URL(`src/jobs/${group}/`, root);
    const files = await readdir(folder).catch(() => []);
    for (const file of files.filter((name) => name.endsWith('.ts')).sort()) {
      if (!/^export default /m.test(await readFile(new URL(file, folder), 'utf8'))) continue;
      jobs.push({ name: camelCase(file.slice(0, -'.ts'.length)), path: `./${group}/${file}` });
    }
  }
  return [
    `// Written by ${relative(fileURLToPath(root), fileURLToPath(import.meta.url))}; run \`npm run gen\` after adding, renaming or removing a job.`,
    "import type { AnyJob } from '../core/job.ts';",
    ...jobs.map(({ name, path }) => `import ${name} from '${path}';`),
    '',
    'export const jobs: readonly AnyJob[] = [',
    ...jobs.map(({ name }) => `  ${name},`),
    '];',
    '',
  ].join('\n');
}

async function jobsReference(): Promise<string> {
  const [{ jobs }, { jobsPage }] = await Promise.all([
    import('../src/jobs/index.gen.ts'),
    import('./jobs-page.ts'),
  ]);
  return jobsPage(jobs);
}

async function apiClient(): Promise<string> {
  const [{ openApiDocument }, { apiClientTypes }] = await Promise.all([
    import('../src/compose.ts'),
    import('./api-client.ts'),
  ]);
  return apiClientTypes((await openApiDocument('')) as Parameters<typeof apiClientTypes>[0]);
}

function camelCase(name: string): string {
  return name.replace(/[_-](\w)/g, (_, letter: string) => letter.toUpperCase());
}
