/** What the pages say must be so. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { referencePages } from '../../scripts/gen-docs.ts';
import { createProgram } from '../../src/cli/program.ts';
import { registry } from '../../src/cli/task-commands.ts';
import { openApiDocument } from '../../src/compose.ts';
import { configKeys } from '../../src/core/config-keys.ts';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'THIRD_PARTY.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const text = (path: string) => readFileSync(path, 'utf8');

test('what is generated is current', async () => {
  const pages = await referencePages();
  expect(Object.keys(pages).length).toBeGreaterThan(3);
  for (const [path, wanted] of Object.entries(pages))
    expect(text(path), `${path}: run npm run gen`).toBe(wanted);
});

describe.each(PAGES)('%s', (page) => {
  test('links to files that exist', () => {
    const links = [...text(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? '');
    const local = links.filter((link) => !/^https?:/.test(link));
    const missing = local.filter((link) => !existsSync(join(dirname(page), link)));
    // The picture is taken of the finished page.
    expect(missing.filter((link) => !link.startsWith('docs/images/'))).toEqual([]);
  });

  test('calls commands and tasks that exist', async () => {
    const commands = (await createProgram()).commands;
    const names = commands.map((command) => command.name());
    for (const [, command = '', word = ''] of text(page).matchAll(/mediamill ([a-z]+)(?: +([a-z_0-9]+))?/g)) {
      if (!names.includes(command)) continue;
      if (command === 'run' || (command === 'enqueue' && word)) {
        if (word.includes('_')) expect(registry().jobs.map(({ name }) => name)).toContain(word);
      }
    }
    for (const [line, command = ''] of text(page).matchAll(/^npx mediamill ([a-z]+)/gm)) {
      expect(names, line).toContain(command);
    }
  });

  test('names only settings that exist', () => {
    const known = new Set([
      ...configKeys().map(({ env }) => env),
      'MEDIAMILL_CONFIG',
      'MEDIAMILL_URL',
      'MEDIAMILL_API_KEY',
    ]);
    const named = text(page).match(/MEDIAMILL_[A-Z0-9_]+[A-Z0-9]/g) ?? [];
    expect(named.filter((name) => !known.has(name) && name !== 'MEDIAMILL_SECTION_KEY')).toEqual([]);
    const sections = configKeys().map(({ section, key }) => `[${section}] ${key}`);
    const keys = [...text(page).matchAll(/`(\[[a-z0-9.]+\] [a-z_]+)/g)].map(([, key]) => key);
    expect(keys.filter((key) => !sections.includes(key ?? ''))).toEqual([]);
  });
});

test('the API page lists the routes that there are', async () => {
  const { paths } = (await openApiDocument('0')) as { paths: Record<string, object> };
  const page = text('docs/api.md');
  const listed = [...page.matchAll(/`(?:GET|POST|DELETE) (\/[^`]*)`(?:, `(\/[^`]*)`)*/g)].flatMap(([row]) =>
    [...row.matchAll(/\/[^`]*/g)].map(([path]) => path),
  );
  const real = Object.keys(paths);
  const unlisted = real
    .map((path) => path.replace(/\/\{(name|\*)\}$/, '').replace(/\{[a-z_]+\}/g, 'ID'))
    .filter((path) => !listed.some((each) => path === each || path.endsWith(each)));
  expect(real.length).toBeGreaterThan(10);
  expect(unlisted).toEqual([]);
});
