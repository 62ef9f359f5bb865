/** A submission as people would type it: curl, the command line, JSON. */
import type { Job } from '../api/types';

export interface Submission {
  task: string;
  input_path?: string | null;
  output_path?: string | null;
  params?: Record<string, unknown>;
  [option: string]: unknown;
}

export function submissionOf(job: Job): Submission {
  const { task, input_path, output_path, params } = job;
  return { task, ...(input_path ? { input_path } : {}), ...(output_path ? { output_path } : {}), params };
}

/** For a shell: in single quotes, whatever is in it. */
export function quoted(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export function curlText(submissions: readonly Submission[], origin = location.origin): string {
  const [only] = submissions;
  const many = submissions.length !== 1;
  return post(`${origin}/api/enqueue${many ? '/batch' : ''}`, many ? { jobs: submissions } : only);
}

export function runCurl(run: object, origin = location.origin): string {
  return post(`${origin}/api/recipes/run`, run);
}

function post(url: string, body: unknown): string {
  const text = JSON.stringify(body, null, 1).replace(/\n\s*/g, (gap) => (gap.length > 4 ? ' ' : gap));
  return `curl ${url} \\\n  -H 'content-type: application/json' \\\n  -d ${quoted(text)}`;
}

export function cliText(submissions: readonly Submission[]): string {
  return submissions
    .map(({ task, input_path, output_path, params = {}, ...options }) => {
      const words = ['mediamill', 'enqueue', task, input_path, output_path]
        .filter((word): word is string => Boolean(word))
        .map(quoted);
      const flags = Object.entries({ ...params, ...options }).map(([name, value]) => {
        const flag = `--${name.replaceAll('_', '-')}`;
        if (value === true) return flag;
        return `${flag} ${quoted(typeof value === 'string' ? value : JSON.stringify(value))}`;
      });
      return [words.join(' '), ...flags].join(' \\\n  ');
    })
    .join('\n');
}

export function jsonText(submissions: readonly Submission[]): string {
  return JSON.stringify(submissions.length === 1 ? submissions[0] : { jobs: submissions }, null, 2);
}
