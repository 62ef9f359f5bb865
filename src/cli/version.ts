import { readFileSync } from 'node:fs';

/** Of this program, from its package.json; two folders up from the sources and from the built files. */
export function programVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
