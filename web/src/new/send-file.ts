/** Sends one file: into the bucket where there is one, resumably where the server can (tus 1.0), else in one go. */
import { type PreviousUpload, Upload } from 'tus-js-client';
import { Failed, offline, request } from '../api/client';
import { sendDirect, Unreachable } from './send-direct';

export interface SendOptions {
  /** Told how to stop it. */
  control(control: { pause(): void; cancel(): void }): void;
  progress(sent: number): void;
  /** So much was there already. */
  resumed(sent: number): void;
}

export interface Stored {
  file_id: string;
  path: string;
}

const ENDPOINT = '/api/uploads';
/** Small enough that a pause loses little, large enough to be fast. */
const CHUNK = 16 * 1024 * 1024;
const RETRY_MS = [500, 1500, 4000, 10_000];

let resumable: Promise<boolean> | null = null;

/** Does this server speak tus? */
function isResumable(): Promise<boolean> {
  resumable ??= fetch(ENDPOINT, { method: 'OPTIONS', headers: { 'tus-resumable': '1.0.0' } }).then(
    (answer) => answer.headers.has('tus-version') || answer.headers.has('tus-resumable'),
    () => {
      resumable = null;
      return false;
    },
  );
  return resumable;
}

/** False once the server has said that it offers no links, or the bucket could not be reached. */
let direct = true;

export async function sendFile(file: File, options: SendOptions): Promise<Stored> {
  if (direct) {
    try {
      const stored = await sendDirect(file, options);
      if (stored) return stored;
      direct = false;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      direct = false;
    }
  }
  return (await isResumable()) ? sendByTus(file, options) : sendAtOnce(file, options);
}

async function sendByTus(file: File, { control, progress, resumed }: SendOptions): Promise<Stored> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const upload = new Upload(file, {
    endpoint: ENDPOINT,
    chunkSize: CHUNK,
    retryDelays: RETRY_MS,
    metadata: { filename: file.name, filetype: file.type },
    removeFingerprintOnSuccess: true,
    onProgress: progress,
    onSuccess: () => resolve(),
    onError: (error) => reject(failureOf(error)),
  });
  const stopped = () => reject(new Failed(0, { code: 'canceled' }));
  control({
    pause: () => void upload.abort().then(stopped, stopped),
    cancel: () => void upload.abort(true).then(stopped, stopped),
  });
  await start(upload, resumed);
  await promise;
  const id = upload.url?.split('/').pop() ?? '';
  return request<Stored>(`${ENDPOINT}/${encodeURIComponent(id)}/file`);
}

/** From where it stopped, also after the page was loaded anew and the same file chosen again. */
async function start(upload: Upload, resumed: (sent: number) => void): Promise<void> {
  const [last] = (await upload.findPreviousUploads()).sort(byAge);
  if (last) {
    upload.resumeFromPreviousUpload(last);
    resumed(0);
  }
  upload.start();
}

const byAge = (a: PreviousUpload, b: PreviousUpload) => (a.creationTime < b.creationTime ? 1 : -1);

function failureOf(error: Error): Failed {
  const response =
    'originalResponse' in error
      ? (error.originalResponse as { getStatus(): number; getBody(): string } | null)
      : null;
  if (!response) return offline();
  try {
    return new Failed(response.getStatus(), JSON.parse(response.getBody()));
  } catch {
    return new Failed(response.getStatus(), {
      detail: `The server refused the file with ${response.getStatus()}.`,
    });
  }
}

function sendAtOnce(file: File, { control, progress }: SendOptions): Promise<Stored> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    const form = new FormData();
    form.append('file', file);
    const stop = () => sending.abort();
    control({ pause: stop, cancel: stop });
    sending.upload.onprogress = ({ loaded }) => progress(Math.min(loaded, file.size));
    sending.responseType = 'json';
    sending.onload = () =>
      sending.status < 300
        ? resolve(sending.response)
        : reject(new Failed(sending.status, sending.response ?? {}));
    sending.onerror = () => reject(offline());
    sending.onabort = () => reject(new Failed(0, { code: 'canceled' }));
    sending.open('POST', '/api/upload');
    sending.send(form);
  });
}
