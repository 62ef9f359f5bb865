/** GET through the guarded agent, following redirects as far as they are harmless. */
import { type Dispatcher, request } from 'undici';
import { MillError } from '../core/errors.ts';

/** Redirects after which a server is taken to be going in circles. */
export const MAX_REDIRECTS = 5;

const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308]);

export interface GuardedResponse {
  /** Where the answer came from in the end. */
  url: URL;
  redirects: number;
  /** An https address redirected to plain http. */
  downgraded: boolean;
  status: number;
  headers: Headers;
  body: Dispatcher.ResponseData['body'];
}

export interface GetOptions {
  /** From createGuardedAgent; it checks the address of every hop. */
  dispatcher: Dispatcher;
  headers: Record<string, string>;
  signal: AbortSignal;
}

/** The caller reads or destroys the body of the answer. */
export async function guardedGet(start: string, options: GetOptions): Promise<GuardedResponse> {
  const seen = new Set<string>();
  let url = new URL(start);
  let downgraded = false;
  for (;;) {
    checkHop(url, seen);
    const { statusCode, headers, body } = await request(url, { method: 'GET', ...options });
    const answer = {
      url,
      redirects: seen.size - 1,
      downgraded,
      status: statusCode,
      headers: toHeaders(headers),
      body,
    };
    const location = answer.headers.get('location');
    if (!REDIRECT_STATUSES.has(statusCode) || location === null) return answer;
    discard(body);
    const next = redirectTarget(location, url);
    downgraded ||= url.protocol === 'https:' && next.protocol === 'http:';
    url = next;
  }
}

/** Ends an answer nobody wants to read. */
export function discard(body: GuardedResponse['body']): void {
  body.on('error', () => {}).destroy();
}

function checkHop(url: URL, seen: Set<string>): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new MillError('blocked_address', `The server redirects to a ${url.protocol} address.`, {
      facts: { scheme: url.protocol },
    });
  }
  url.hash = '';
  if (seen.has(url.href)) throw new MillError('download_refused', 'The server redirects in a circle.');
  if (seen.size > MAX_REDIRECTS) {
    throw new MillError('download_refused', `The server redirects more than ${MAX_REDIRECTS} times.`);
  }
  seen.add(url.href);
}

function redirectTarget(location: string, base: URL): URL {
  const next = URL.parse(location, base.href);
  if (next === null)
    throw new MillError('download_refused', 'The server redirects to something that is no URL.');
  // Names and passwords in a redirect are for the eyes of people, if for anybody.
  next.username = '';
  next.password = '';
  return next;
}

/** Repeated headers are joined; undici gives them as arrays. */
function toHeaders(raw: Record<string, string | string[] | undefined>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const single of [value ?? []].flat()) {
      try {
        headers.append(name, single);
      } catch {
        // A header that no client can represent is none of ours.
      }
    }
  }
  return headers;
}
