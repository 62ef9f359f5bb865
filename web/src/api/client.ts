/** Calls to the server, typed by its OpenAPI document. */
import type { Operations } from './schema.gen';

/** An answer that is no success, or no answer at all (`offline`). */
export class Failed extends Error {
  readonly status: number;
  readonly code: string;
  /** What to do about it. */
  readonly next: string;
  readonly facts: Record<string, unknown>;
  /** Wrong fields of a request, where the server names them. */
  readonly problems: { field: string; message: string; nearest?: string | null }[];

  constructor(status: number, body: Record<string, unknown>) {
    super(typeof body.detail === 'string' ? body.detail : `The server answered ${status}.`);
    this.status = status;
    this.code = typeof body.code === 'string' ? body.code : 'unknown';
    this.next = typeof body.next === 'string' ? body.next : '';
    this.facts = (body.facts ?? {}) as Record<string, unknown>;
    const problems = body.problems ?? this.facts.problems;
    this.problems = Array.isArray(problems) ? problems : [];
  }
}

export function offline(): Failed {
  return new Failed(0, {
    code: 'offline',
    detail: 'The server does not answer.',
    next: 'Check that it runs, then try again.',
  });
}

let unauthorized = (): void => {};

/** Told whenever the server wants a key that this page does not have. */
export function onUnauthorized(run: () => void): void {
  unauthorized = run;
}

interface Request {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
  /** Is sent also while the page goes away. */
  keepalive?: boolean;
}

/** Any route; JSON both ways. Throws {@link Failed}. */
export async function request<T>(
  url: string,
  { method = 'GET', body, signal, keepalive }: Request = {},
): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url, {
      method,
      signal,
      keepalive,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw offline();
  }
  const text = await answer.text();
  const value = text === '' ? {} : parse(text);
  if (answer.status === 401 && !url.startsWith('/api/session')) unauthorized();
  if (!answer.ok) throw new Failed(answer.status, (value ?? {}) as Record<string, unknown>);
  return value as T;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { detail: text.slice(0, 300) };
  }
}

type Name = keyof Operations;
type Values = Record<string, string | number | boolean | string[] | null | undefined>;

/** `call('GET /api/jobs/{id}', { path: { id } })` */
export function call<N extends Name>(
  name: N,
  options: {
    path?: Operations[N]['path'];
    query?: Operations[N]['query'];
    body?: Operations[N]['body'];
    signal?: AbortSignal;
  } = {},
): Promise<Operations[N]['answer']> {
  const [method = 'GET', template = ''] = name.split(' ');
  const path = (options.path ?? {}) as Record<string, string>;
  const url = template.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(path[key] ?? ''));
  return request(`${url}${queryText(options.query as Values)}`, {
    method,
    body: options.body,
    signal: options.signal,
  });
}

export function queryText(query: Values | undefined): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') given.set(key, String(value));
  }
  return given.size === 0 ? '' : `?${given}`;
}

/** Address of something of a job: `jobUrl(id, 'poster', { of: 'source' })`. */
export function jobUrl(id: string, part = '', query?: Values): string {
  return `/api/jobs/${encodeURIComponent(id)}${part ? `/${part}` : ''}${queryText(query)}`;
}

/** Address of one file of the output. */
export function outputUrl(id: string, name: string, download = false): string {
  const path = name.split('/').map(encodeURIComponent).join('/');
  return jobUrl(id, `output/${path}`, { download: download || undefined });
}
