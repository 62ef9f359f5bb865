import { expect, test } from 'vitest';
import { tomlLines } from '../../src/core/toml-lines.ts';

test.each([
  ['keys of a section', '[a]\n# c = 1\nb = 1\n', { a: 1, 'a.b': 3 }],
  ['nested sections, comments behind them', '[ a . b ] # x\nc=1', { 'a.b': 1, 'a.b.c': 2 }],
  ['dotted and quoted keys', 'a.b = 1\n"c".d = 2', { 'a.b': 1, 'c.d': 2 }],
  ['inline tables', 's = { x = "a = b", y = 2 }', { s: 1, 's.x': 1, 's.y': 1 }],
  ['arrays over several rows', 'a = [\n  "x = 1",\n  "]",\n]\nb = 2', { a: 1, b: 5 }],
  ['strings over several rows', "a = '''\nb = 1\n'''\nc = 2", { a: 1, c: 4 }],
  ['a long string on one row', 'a = """x"""\nb = 2', { a: 1, b: 2 }],
  ['the first of two', 'a = 1\na = 2', { a: 1 }],
  ['Windows line ends', '[a]\r\nb = 1\r\n', { a: 1, 'a.b': 2 }],
  ['text that never ends', 'a = """\nb = 1', { a: 1 }],
])('%s', (_, text, expected) => {
  expect(Object.fromEntries(tomlLines(text))).toEqual(expected);
});
