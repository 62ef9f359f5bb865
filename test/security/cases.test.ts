/** The table of docs/security.md is true: each case has its home, and `npm run test:security` runs it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

test('cases 21 to 41 are each in the file that the documentation names, under their number', () => {
  const rows = [...read('docs/security.md').matchAll(/^\| (\d+) \| [^|]+ \| (test\/\S+\.test\.ts) \|$/gm)];
  expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 21 }, (_, n) => 21 + n));
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const run = scripts['test:security']?.split(' ') ?? [];
  for (const [, number, file = ''] of rows) {
    const titled = new RegExp(`(?:describe|test)(?:\\.each\\([^]*?\\))?\\(\\s*['"\`]${number} `);
    expect([number, file, titled.test(read(file))]).toEqual([number, file, true]);
    expect([file, run.some((path) => file.startsWith(path))]).toEqual([file, true]);
  }
});
