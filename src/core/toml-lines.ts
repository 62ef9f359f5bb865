/** Where the keys of a TOML document are written: the parser does not keep it, error messages want it. */

/** First line (from 1) of every table and key, by full name such as `storage.s3.bucket`. */
export function tomlLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  let table: string[] = [];
  let at = 0;
  const rows = text.split('\n');
  while (at < rows.length) {
    const row = rows[at] ?? '';
    const line = at + 1;
    const header = /^\s*\[\[?(.+?)\]\]?\s*(?:#.*)?\r?$/.exec(row);
    const assignment = header ? null : splitAssignment(row);
    if (header) {
      table = parseKey(header[1] ?? '');
      note(lines, table, line);
    } else if (assignment) {
      const key = [...table, ...parseKey(assignment.key)];
      note(lines, key, line);
      for (const inner of inlineKeys(assignment.value)) note(lines, [...key, ...inner], line);
      at += continuationRows(assignment.value, rows.slice(at + 1));
    }
    at += 1;
  }
  return lines;
}

function note(lines: Map<string, number>, path: string[], line: number): void {
  const name = path.join('.');
  if (!lines.has(name)) lines.set(name, line);
}

/** `a.b = value` at the first `=` outside quotes; null for comments and blank lines. */
function splitAssignment(row: string): { key: string; value: string } | null {
  const match = /^\s*((?:"[^"]*"|'[^']*'|[^"'#=])+?)\s*=(.*)$/s.exec(row);
  return match ? { key: match[1] ?? '', value: match[2] ?? '' } : null;
}

/** `storage."s 3".bucket` → its parts. */
function parseKey(key: string): string[] {
  const parts = key.match(/"[^"]*"|'[^']*'|[^.\s]+/g) ?? [];
  return parts.map((part) => part.replace(/^["']|["']$/g, ''));
}

/** Keys of an inline table; enough for `s3 = { bucket = "b", region = "r" }`. */
function inlineKeys(value: string): string[][] {
  if (!value.trimStart().startsWith('{')) return [];
  const bare = value.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '""');
  return [...bare.matchAll(/[{,]\s*([\w.-]+)\s*=/g)].map((match) => parseKey(match[1] ?? ''));
}

/** How many further rows a multi-line string or array takes. */
function continuationRows(value: string, rest: string[]): number {
  const quote = /^\s*("""|''')/.exec(value)?.[1];
  if (quote) {
    if (value.indexOf(quote, value.indexOf(quote) + 3) >= 0) return 0;
    const end = rest.findIndex((row) => row.includes(quote));
    return end < 0 ? rest.length : end + 1;
  }
  let depth = openBrackets(value);
  let rows = 0;
  while (depth > 0 && rows < rest.length) {
    depth += openBrackets(rest[rows] ?? '');
    rows += 1;
  }
  return rows;
}

function openBrackets(row: string): number {
  const bare = row.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '').replace(/#.*$/, '');
  return (bare.match(/[[{]/g)?.length ?? 0) - (bare.match(/[\]}]/g)?.length ?? 0);
}
