/** Sends a file straight into the bucket by links of the server; goes on with the parts that are missing. */
import { call, Failed, offline } from '../api/client';
import type { DirectUpload } from '../api/schema.gen';
import type { SendOptions, Stored } from './send-file';

/** More at a time make none of them faster. */
const AT_ONCE = 3;
const RETRY_MS = [500, 1500, 4000];
const KEY = 'mediamill.direct';
/** Links that last less than this are not begun with. */
const SPARE_MS = 5 * 60_000;

interface Begun extends DirectUpload {
  done: number[];
}

/** The bucket cannot be reached from here, by its rules or by the network: the server may take the file itself. */
export class Unreachable extends Error {}

/** Null where the server offers no links. Throws {@link Unreachable}. */
export async function sendDirect(file: File, options: SendOptions): Promise<Stored | null> {
  const begun = remembered(file) ?? (await begin(file));
  if (!begun) return null;
  const abort = new AbortController();
  const stop = () => abort.abort(new Failed(0, { code: 'canceled' }));
  options.control({
    pause: stop,
    cancel: () => {
      stop();
      void giveUp(file, begun);
    },
  });
  try {
    await sendParts(file, begun, options, abort.signal);
  } catch (error) {
    // The other parts are on their way still.
    stop();
    if (error instanceof Unreachable) await giveUp(file, begun);
    throw error;
  }
  const stored = await call('POST /api/uploads/presign/{file_id}/complete', {
    path: { file_id: begun.file_id },
    body: { size_bytes: file.size, upload_id: begun.upload_id, filename: file.name },
  });
  forget(file);
  return stored;
}

async function begin(file: File): Promise<Begun | null> {
  try {
    const links = await call('POST /api/uploads/presign', { body: { size_bytes: file.size } });
    return { ...links, done: [] };
  } catch (error) {
    if (error instanceof Failed && error.code === 'no_direct_access') return null;
    throw error;
  }
}

async function sendParts(
  file: File,
  begun: Begun,
  { progress, resumed }: SendOptions,
  signal: AbortSignal,
): Promise<void> {
  const { parts, part_bytes, done } = begun;
  const sent = new Map<number, number>();
  const slice = (number: number) => file.slice((number - 1) * part_bytes, number * part_bytes);
  const tell = () => progress([...sent.values()].reduce((sum, bytes) => sum + bytes, 0));
  for (const number of done) sent.set(number, slice(number).size);
  if (done.length > 0) resumed([...sent.values()].reduce((sum, bytes) => sum + bytes, 0));
  const missing = parts.filter(({ number }) => !done.includes(number));
  const worker = async () => {
    for (let part = missing.shift(); part; part = missing.shift()) {
      const { number, url } = part;
      await putPatiently(url, slice(number), signal, done.length > 0, (bytes) => {
        sent.set(number, bytes);
        tell();
      });
      done.push(number);
      sent.set(number, slice(number).size);
      remember(file, begun);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, missing.length) }, worker));
}

async function putPatiently(
  url: string,
  body: Blob,
  signal: AbortSignal,
  reached: boolean,
  progress: (bytes: number) => void,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await put(url, body, signal, progress);
    } catch (error) {
      signal.throwIfAborted();
      const wait = RETRY_MS[tries];
      // A browser does not tell a bucket that forbids from a network that is down.
      if (wait === undefined || (!reached && tries > 0 && error instanceof Unreachable)) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

function put(url: string, body: Blob, signal: AbortSignal, progress: (bytes: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    const stop = () => sending.abort();
    signal.addEventListener('abort', stop, { once: true });
    sending.upload.onprogress = ({ loaded }) => progress(loaded);
    sending.onload = () =>
      sending.status < 300
        ? resolve()
        : reject(
            new Failed(sending.status, {
              code: 'storage_failed',
              detail: `The bucket refused a part of the file with ${sending.status}.`,
              next: 'Try again.',
            }),
          );
    sending.onerror = () => reject(navigator.onLine ? new Unreachable() : offline());
    sending.onabort = () => reject(signal.reason ?? offline());
    sending.onloadend = () => signal.removeEventListener('abort', stop);
    sending.open('PUT', url);
    sending.send(body);
  });
}

async function giveUp(file: File, { file_id, upload_id }: Begun): Promise<void> {
  forget(file);
  await call('DELETE /api/uploads/presign/{file_id}', {
    path: { file_id },
    query: { upload_id: upload_id ?? undefined },
  }).catch(() => {});
}

/** The same file, chosen again after the page was loaded anew, has the same of these. */
const keyOf = ({ name, size, lastModified }: File) => `${KEY}:${size}-${lastModified}-${name}`;

function remembered(file: File): Begun | null {
  try {
    const begun = JSON.parse(localStorage.getItem(keyOf(file)) ?? 'null') as Begun | null;
    if (!begun || Date.parse(begun.expires_at) - SPARE_MS < Date.now()) return null;
    return begun;
  } catch {
    return null;
  }
}

function remember(file: File, begun: Begun): void {
  try {
    localStorage.setItem(keyOf(file), JSON.stringify(begun));
  } catch {
    // No room: then it begins anew.
  }
}

function forget(file: File): void {
  localStorage.removeItem(keyOf(file));
}
