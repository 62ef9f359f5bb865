/** The server, from the page's side. Failures are Errors with the problem's own fields. */

export class Failed extends Error {
  /** @param {{detail?: string, next?: string, code?: string, problems?: {field: string, message: string}[]}} problem */
  constructor(problem) {
    super(problem.detail ?? 'The server gave no reason.');
    this.code = problem.code ?? 'unknown';
    this.next = problem.next ?? '';
    this.problems = problem.problems ?? [];
  }
}

const UNREACHABLE = {
  code: 'no_connection',
  detail: 'The server cannot be reached.',
  next: 'Check that it runs, then try again.',
};

/** @param {string} path @param {RequestInit} [options] */
export async function call(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Failed(UNREACHABLE);
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Failed(body);
  return body;
}

/**
 * Sends a form and tells how much of it has left; fetch cannot.
 * @param {string} path @param {FormData} form
 * @param {{progress(sent: number, total: number): void, signal: AbortSignal}} options
 */
export function send(path, form, { progress, signal }) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const request = new XMLHttpRequest();
  request.open('POST', path);
  request.responseType = 'json';
  request.upload.addEventListener('progress', (event) => progress(event.loaded, event.total));
  request.addEventListener('load', () => {
    if (request.status < 300) resolve(request.response);
    else reject(new Failed(request.response ?? {}));
  });
  request.addEventListener('error', () => reject(new Failed(UNREACHABLE)));
  request.addEventListener('abort', () => reject(new Failed({ code: 'canceled', detail: 'Canceled.' })));
  signal.addEventListener('abort', () => request.abort());
  request.send(form);
  return promise;
}
