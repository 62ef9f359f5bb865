/** A file of many jobs, as `enqueue --batch` takes it. What the jobs say is judged by the server. */
import { readFile } from 'node:fs/promises';
import { text as allOf } from 'node:stream/consumers';
import { MillError } from '../core/errors.ts';

/** In place of a file: what is written to this program. */
const STDIN = '-';

/** A JSON array of requests, `{"jobs": […]}`, or one request a line. Throws `invalid_request`. */
export async function readBatchFile(path: string): Promise<unknown[]> {
  const text = await readText(path);
  const jobs = wholeOf(text) ?? linesOf(text, path);
  if (jobs.length > 0) return jobs;
  throw new MillError('invalid_request', `${nameOf(path)} holds no jobs.`);
}

/** Null for what is not one JSON value. */
function wholeOf(text: string): unknown[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (Array.isArray(value)) return value;
  const { jobs } = (value ?? {}) as { jobs?: unknown };
  return Array.isArray(jobs) ? jobs : [value];
}

function linesOf(text: string, path: string): unknown[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch (error) {
      throw new MillError(
        'invalid_request',
        `${nameOf(path)} is neither JSON nor one JSON object a line; line ${index + 1}: ${(error as Error).message}.`,
        { cause: error },
      );
    }
  });
}

async function readText(path: string): Promise<string> {
  try {
    return path === STDIN ? await allOf(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new MillError('invalid_request', `The batch "${path}" ${why}.`, { cause: error });
  }
}

function nameOf(path: string): string {
  return path === STDIN ? 'The batch' : `The batch "${path}"`;
}
