/**
 * One file over HTTP into one file on disk, across broken connections. RFC 9110: Range (14), If-Range (13.1.5).
 * A continued body is only ever appended to bytes of the same version of the file: without a validator that
 * the server confirms, the download begins again.
 */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillError } from '../../core/errors.ts';
import { createGuardedAgent, type Resolve } from '../../network/guarded-agent.ts';
import { discard, type GuardedResponse, guardedGet } from '../../network/guarded-get.ts';
import { networkFailure } from '../../network/network-failure.ts';
import type { ByteMeter } from '../files/byte-meter.ts';
import { sizeText } from '../files/size-text.ts';

/** Attempts in a row that bring no new byte. */
const MAX_FRUITLESS = 5;
/** Attempts at all: against a server that sends a little and breaks, for ever. */
const MAX_ATTEMPTS = 200;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5_000;
/** Longest `Retry-After` that is obeyed within one attempt of the job. */
const MAX_RETRY_AFTER_MS = 30_000;

const RETRY_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);
const USER_AGENT = 'mediamill';

export interface DownloadOptions {
  url: string;
  /** Path of the file to create; must not exist. */
  file: string;
  /** Hosts and ranges that may be contacted although they are private. */
  allow: readonly string[];
  maxBytes: number;
  idleTimeoutMs: number;
  signal: AbortSignal;
  meter: ByteMeter;
  log(text: string): void;
  /** In place of the system's resolver. */
  resolve?: Resolve;
}

export interface Downloaded {
  url: URL;
  size: number;
  sha256: string;
  redirects: number;
  downgraded: boolean;
  contentType: string | null;
  lastModified: string | null;
  /** Times the download went on after a broken connection, and times it had to begin again. */
  resumed: number;
  restarted: number;
}

interface Transfer {
  handle: FileHandle;
  hash: Hash;
  received: number;
  /** Bytes of the whole file as the server announced them. */
  total: number | null;
  /** Strong ETag or Last-Modified of the version that is being received. */
  validator: string | null;
  resumed: number;
  restarted: number;
}

/** Throws {@link MillError}, or the reason of the signal. The file is left as it is then. */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const dispatcher = createGuardedAgent(options);
  const handle = await open(options.file, 'wx');
  const transfer: Transfer = {
    handle,
    hash: createHash('sha256'),
    received: 0,
    total: null,
    validator: null,
    resumed: 0,
    restarted: 0,
  };
  try {
    const answer = await attemptUntilDone(transfer, options, (headers) =>
      guardedGet(options.url, { dispatcher, headers, signal: options.signal }),
    );
    return {
      url: answer.url,
      size: transfer.received,
      sha256: transfer.hash.digest('hex'),
      redirects: answer.redirects,
      downgraded: answer.downgraded,
      contentType: answer.headers.get('content-type'),
      lastModified: answer.headers.get('last-modified'),
      resumed: transfer.resumed,
      restarted: transfer.restarted,
    };
  } finally {
    await handle.close();
    await dispatcher.destroy();
  }
}

type Get = (headers: Record<string, string>) => Promise<GuardedResponse>;

async function attemptUntilDone(
  transfer: Transfer,
  options: DownloadOptions,
  get: Get,
): Promise<GuardedResponse> {
  let most = 0;
  let fruitless = 0;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await attemptOnce(transfer, options, get);
    if ('answer' in outcome) return outcome.answer;
    fruitless = transfer.received > most ? 0 : fruitless + 1;
    most = Math.max(most, transfer.received);
    const { error, retryAfterMs } = outcome;
    if (fruitless >= MAX_FRUITLESS || attempt >= MAX_ATTEMPTS) throw givenUp(error, attempt, transfer);
    const delay = retryAfterMs ?? Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** fruitless);
    options.log(`${error.message} ${sizeText(transfer.received)} received; next attempt in ${delay} ms.`);
    await sleep(delay, undefined, { signal: options.signal });
  }
}

function givenUp(error: MillError, attempts: number, { received, total }: Transfer): MillError {
  const of = total === null ? '' : ` of ${sizeText(total)}`;
  return new MillError(
    'download_failed',
    `${error.message} Given up after ${attempts} attempts with ${sizeText(received)}${of}.`,
    {
      cause: error,
      facts: { attempts, received_bytes: received, total_bytes: total },
    },
  );
}

type Outcome = { answer: GuardedResponse } | { error: MillError; retryAfterMs?: number };

/** Transient failures come back; everything else is thrown. */
async function attemptOnce(transfer: Transfer, options: DownloadOptions, get: Get): Promise<Outcome> {
  let answer: GuardedResponse | null = null;
  try {
    answer = await get(requestHeaders(transfer));
    const { status } = answer;
    if (RETRY_STATUSES.has(status)) return busy(answer);
    if (status === 416 && transfer.received > 0) return await rangeRefused(transfer, answer);
    if (status !== 200 && status !== 206) {
      throw new MillError('download_refused', `The server answers ${status}.`, { facts: { status } });
    }
    await begin(transfer, answer, options);
    await receive(transfer, answer, options);
    if (isComplete(transfer)) return { answer };
    return { error: new MillError('download_failed', 'The server sent less than it announced.') };
  } catch (error) {
    if (options.signal.aborted) throw error;
    const failure = networkFailure(error);
    if (!failure.transient) throw failure.error;
    return { error: failure.error };
  } finally {
    if (answer) discard(answer.body);
  }
}

function requestHeaders({ received, validator }: Transfer): Record<string, string> {
  const headers = { 'user-agent': USER_AGENT, accept: '*/*', 'accept-encoding': 'identity' };
  if (received === 0 || validator === null) return headers;
  return { ...headers, range: `bytes=${received}-`, 'if-range': validator };
}

function busy({ status, headers }: GuardedResponse): Outcome {
  const error = new MillError('download_failed', `The server answers ${status}.`, { facts: { status } });
  const seconds = Number.parseInt(headers.get('retry-after') ?? '', 10);
  if (!(seconds >= 0)) return { error };
  return { error, retryAfterMs: Math.min(MAX_RETRY_AFTER_MS, seconds * 1000) };
}

/** Nothing beyond what is here: complete, when the server says so, or another version of the file. */
async function rangeRefused(transfer: Transfer, answer: GuardedResponse): Promise<Outcome> {
  const total = /^bytes \*\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')?.[1];
  if (total !== undefined && Number(total) === transfer.received) return { answer };
  await restart(transfer);
  return { error: new MillError('download_failed', 'The server has a different file now.') };
}

/** Finds out where the body of this answer belongs, and brings the file there. */
async function begin(transfer: Transfer, answer: GuardedResponse, options: DownloadOptions): Promise<void> {
  const { headers, status } = answer;
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity') {
    throw new MillError('download_refused', `The server sends the file in ${encoding} encoding, unasked.`);
  }
  if (status === 206) {
    continueAt(transfer, headers);
    transfer.resumed += 1;
  } else {
    if (transfer.received > 0) await restart(transfer);
    transfer.total = contentLength(headers);
    transfer.validator = validatorOf(headers);
  }
  options.meter.done = transfer.received;
  options.meter.total = transfer.total;
  await checkRoom(transfer, options);
}

/** A partial answer that does not fit to what was asked is no basis for anything. */
function continueAt(transfer: Transfer, headers: Headers): void {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  const sameStart = range !== null && transfer.received > 0 && Number(range[1]) === transfer.received;
  const sameTotal = range?.[3] === '*' || transfer.total === null || Number(range?.[3]) === transfer.total;
  const validator = validatorOf(headers);
  const sameVersion = validator === null || validator === transfer.validator;
  if (sameStart && sameTotal && sameVersion) {
    if (range[3] !== '*') transfer.total = Number(range[3]);
    return;
  }
  throw new MillError('download_refused', 'The server continues with a part that was not asked for.', {
    facts: { content_range: headers.get('content-range'), received_bytes: transfer.received },
  });
}

async function restart(transfer: Transfer): Promise<void> {
  await transfer.handle.truncate(0);
  transfer.hash = createHash('sha256');
  transfer.received = 0;
  transfer.validator = null;
  transfer.total = null;
  transfer.restarted += 1;
}

async function checkRoom(transfer: Transfer, { file, maxBytes }: DownloadOptions): Promise<void> {
  if (transfer.total === null) return;
  if (transfer.total > maxBytes) throw tooLarge(`announces ${sizeText(transfer.total)}`, maxBytes);
  const { bavail, bsize } = await statfs(dirname(file));
  const needed = transfer.total - transfer.received;
  if (needed > bavail * bsize) {
    throw new MillError(
      'disk_full',
      `${sizeText(needed)} are to come, ${sizeText(bavail * bsize)} are free.`,
    );
  }
}

async function receive(
  transfer: Transfer,
  { body }: GuardedResponse,
  options: DownloadOptions,
): Promise<void> {
  for await (const piece of body as AsyncIterable<Buffer>) {
    if (transfer.received + piece.length > options.maxBytes) throw tooLarge('sends more', options.maxBytes);
    const writing = writeAll(transfer.handle, piece, transfer.received);
    transfer.hash.update(piece);
    await writing;
    transfer.received += piece.length;
    options.meter.done = transfer.received;
  }
}

function isComplete({ total, received }: Transfer): boolean {
  if (total !== null && received > total) {
    throw new MillError('download_refused', 'The server sent more than it announced.');
  }
  return total === null || received === total;
}

async function writeAll(handle: FileHandle, piece: Buffer, position: number): Promise<void> {
  for (let written = 0; written < piece.length; ) {
    const { bytesWritten } = await handle.write(piece, written, piece.length - written, position + written);
    written += bytesWritten;
  }
}

function tooLarge(what: string, maxBytes: number): MillError {
  return new MillError('download_too_large', `The server ${what}; max_bytes allows ${sizeText(maxBytes)}.`, {
    facts: { max_bytes: maxBytes },
  });
}

function contentLength(headers: Headers): number | null {
  const text = headers.get('content-length');
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

/** Weak tags cannot vouch for single bytes (RFC 9110 13.1.5). */
function validatorOf(headers: Headers): string | null {
  const tag = headers.get('etag');
  if (tag?.startsWith('"')) return tag;
  return headers.get('last-modified');
}
