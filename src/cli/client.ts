/** The HTTP API of a running server, as the commands use it. */
import type { Command } from 'commander';
import { ERRORS, type ErrorCode, isErrorCode, MillError } from '../core/errors.ts';
import { loadSettings } from './settings.ts';
import { programVersion } from './version.ts';

export interface ServerEvent {
  event: string;
  data: unknown;
}

export interface Client {
  readonly url: string;
  get<T>(path: string, query?: Record<string, string | undefined>): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  upload<T>(path: string, form: FormData): Promise<T>;
  delete<T>(path: string): Promise<T>;
  /** Server-sent events until the server ends them or the signal aborts. */
  events(path: string, signal?: AbortSignal): AsyncGenerator<ServerEvent>;
}

/** `--server`, else MEDIAMILL_URL, else the address in the configuration. */
export function addServerFlag(command: Command): Command {
  return command.option(
    '--server <url>',
    'address of the server (default MEDIAMILL_URL, or host and port of the settings)',
  );
}

export function clientFor(command: Command): Client {
  const { server } = command.optsWithGlobals<{ server?: string }>();
  return createClient(
    server ?? (process.env.MEDIAMILL_URL || configuredUrl(command)),
    process.env.MEDIAMILL_API_KEY || undefined,
  );
}

function configuredUrl(command: Command): string {
  const { host, port } = loadSettings(command).config.server;
  // These mean "every interface" to a server; a client reaches it on its own.
  const address = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** `key`: an API key, for servers that want one. */
export function createClient(base: string, key?: string): Client {
  if (!URL.canParse(base) || !/^https?:/.test(base)) {
    throw new MillError(
      'invalid_request',
      `"${base}" is not the address of a server, such as http://127.0.0.1:5000.`,
    );
  }
  const root = base.replace(/\/+$/, '');

  async function ask(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      const headers = new Headers(init.headers);
      headers.set('user-agent', `mediamill/${programVersion()}`);
      if (key !== undefined) headers.set('authorization', `Bearer ${key}`);
      response = await fetch(`${root}${path}`, { ...init, headers });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new MillError('queue_unavailable', `No server answers at ${root}.`, {
        cause: error,
        facts: { next: 'Start one with `mediamill serve`, or name another with --server.' },
      });
    }
    if (!response.ok) throw await problemOf(response, root);
    return response;
  }

  const json = async <T>(path: string, init: RequestInit) => (await ask(path, init)).json() as Promise<T>;

  return {
    url: root,
    get: (path, query = {}) => json(`${path}${queryString(query)}`, {}),
    post: (path, body) =>
      json(path, {
        method: 'POST',
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      }),
    upload: (path, form) => json(path, { method: 'POST', body: form }),
    delete: (path) => json(path, { method: 'DELETE' }),
    async *events(path, signal) {
      const response = await ask(path, { headers: { accept: 'text/event-stream' }, signal });
      if (response.body) yield* readEvents(response.body);
    },
  };
}

function queryString(query: Record<string, string | undefined>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length > 0 ? `?${new URLSearchParams(given)}` : '';
}

/** The failure in a problem document (RFC 9457); something else answers there when it is none. */
async function problemOf(response: Response, root: string): Promise<MillError> {
  const problem = (await response.json().catch(() => null)) as { code?: string; detail?: string } | null;
  const code = problem?.code ?? '';
  if (isErrorCode(code)) return new MillError(code, problem?.detail ?? ERRORS[code].title);
  return new MillError(
    'invalid_request' satisfies ErrorCode,
    `${root} answered ${response.status} without a reason: is it a Media Mill server?`,
  );
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream, without ids and retry. */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let rest = '';
  let event = 'message';
  let data: string[] = [];
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { event, data: JSON.parse(data.join('\n')) };
        event = 'message';
        data = [];
      } else if (line.startsWith('event:')) event = line.slice(6).trim();
      else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    }
  }
}
