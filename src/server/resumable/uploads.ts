/**
 * Uploads that can be interrupted: https://tus.io/protocols/resumable-upload, version 1.0. Parts lie in a folder of
 * their own until they are complete; then the file enters the storage like any other upload.
 *
 * Layout: `<id>` the bytes so far, `<id>.json` what was announced, `<id>.done` what became of it.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Server } from '@tus/server';
import { MillError, toMillError } from '../../core/errors.ts';
import type { Storage, Upload, UploadOptions } from '../../storage/port.ts';
import { freeBytes, PartStore } from './part-store.ts';

const SWEEP_EVERY_MS = 10 * 60_000;
const DONE = '.done';

export interface ResumableOptions {
  /** Folder for parts, best on the disk of the storage; made when the first upload begins. */
  folder: string;
  /** Address below which uploads are. */
  path: string;
  maxBytes: number;
  /** After its last byte an unfinished upload is kept so long. */
  expiryMs: number;
  storage: Pick<Storage, 'upload' | 'adopt'>;
}

/** Who uploads, as far as this has to know. */
export interface Uploader {
  /** Bytes that one more upload of this size may have. Throws `quota_exceeded`. */
  room(sizeBytes: number): Promise<number>;
  /** Is told what the upload became. */
  owns(upload: Upload): Promise<void>;
}

export interface Resumable {
  /** Speaks the protocol. */
  handle(request: Request, uploader: Uploader): Promise<Response>;
  /** What an upload became. Throws `upload_not_found`, or `upload_incomplete` while bytes are missing. */
  finished(id: string, uploader: Uploader): Promise<Upload>;
  /** Removes what nobody went on with. */
  sweep(): Promise<void>;
  close(): void;
}

export function resumableUploads(options: ResumableOptions): Resumable {
  const { folder, path, maxBytes, expiryMs, storage } = options;
  const finishing = new Map<string, Promise<Upload>>();
  let speaker: { server: Server; store: PartStore } | null = null;
  const sweeper = setInterval(() => void sweep().catch(() => {}), SWEEP_EVERY_MS);
  sweeper.unref();

  async function open(): Promise<{ server: Server; store: PartStore }> {
    await mkdir(folder, { recursive: true, mode: 0o750 });
    if (speaker) return speaker;
    const store = new PartStore({ directory: folder });
    const server = new Server({
      path,
      datastore: store,
      maxSize: maxBytes,
      relativeLocation: true,
      namingFunction: () => randomUUID(),
      onUploadCreate: async (_request, upload) => {
        const room = await freeBytes(folder);
        if ((upload.size ?? 0) > room)
          throw { status_code: 507, body: 'There is no space left on the disk.\n' };
        return {};
      },
    });
    speaker = { server, store };
    return speaker;
  }

  const done = async (id: string): Promise<Upload | null> => {
    const text = await readFile(join(folder, id + DONE), 'utf8').catch(() => null);
    return text === null ? null : (JSON.parse(text) as Upload);
  };

  async function finish(id: string, uploader: Uploader): Promise<Upload> {
    const known = await done(id);
    if (known) return known;
    const { store } = await open();
    const part = await store.getUpload(id).catch(() => null);
    if (!part) throw notThere(id);
    if (part.size === undefined || part.offset !== part.size) {
      throw new MillError(
        'upload_incomplete',
        `${part.offset} of ${part.size ?? 'unknown'} bytes have come.`,
        {
          facts: { offset: part.offset, size_bytes: part.size ?? null },
        },
      );
    }
    const originalName = part.metadata?.filename ?? part.metadata?.name ?? null;
    const room = await uploader.room(part.size);
    const upload = await take(join(folder, id), { maxBytes: Math.min(maxBytes, room), originalName });
    await uploader.owns(upload);
    await writeFile(join(folder, id + DONE), JSON.stringify(upload), { mode: 0o640 });
    await forget(id, ['', '.json']);
    return upload;
  }

  async function take(local: string, limits: UploadOptions): Promise<Upload> {
    return storage.adopt
      ? await storage.adopt(local, limits)
      : await storage.upload(createReadStream(local), limits);
  }

  function finishOnce(id: string, uploader: Uploader): Promise<Upload> {
    const running = finishing.get(id) ?? finish(id, uploader).finally(() => finishing.delete(id));
    finishing.set(id, running);
    return running;
  }

  async function forget(id: string, parts: string[] = ['', '.json', DONE]): Promise<void> {
    await Promise.all(parts.map((part) => rm(join(folder, id + part), { force: true })));
  }

  /** When an upload was last heard of; null when it is not there. */
  async function touched(id: string): Promise<number | null> {
    const stats = await Promise.all(
      ['', '.json', DONE].map((part) => stat(join(folder, id + part)).catch(() => null)),
    );
    const times = stats.flatMap((found) => (found ? [found.mtimeMs] : []));
    return times.length > 0 ? Math.max(...times) : null;
  }

  async function sweep(): Promise<void> {
    const names = await readdir(folder).catch(() => []);
    for (const id of new Set(names.map((name) => name.split('.')[0] ?? ''))) {
      const last = await touched(id);
      if (last !== null && last < Date.now() - expiryMs) await forget(id);
    }
  }

  /** Nothing is sent to what is complete; who comes back to it learns what it became. */
  async function ofFinished(request: Request, id: string): Promise<Response | null> {
    const upload = await done(id);
    if (!upload) return null;
    const size = String(upload.size_bytes);
    const headers = { 'Tus-Resumable': '1.0.0', 'Upload-Offset': size, 'Upload-File-Id': upload.file_id };
    if (request.method === 'HEAD') {
      return new Response(null, { status: 200, headers: { ...headers, 'Upload-Length': size } });
    }
    if (request.method === 'PATCH') {
      const here = request.headers.get('upload-offset') === size;
      return new Response(null, { status: here ? 204 : 409, headers });
    }
    if (request.method === 'DELETE') {
      await forget(id);
      return new Response(null, { status: 204, headers: { 'Tus-Resumable': '1.0.0' } });
    }
    return null;
  }

  return {
    async handle(request, uploader) {
      const asked = idIn(request.url);
      if (asked !== null) {
        const last = await touched(asked);
        if (last === null) throw notThere(asked);
        if (last < Date.now() - expiryMs) {
          await forget(asked);
          throw notThere(asked);
        }
        const answer = await ofFinished(request, asked);
        if (answer) return answer;
      } else if (request.method === 'POST')
        await uploader.room(Number(request.headers.get('upload-length') ?? 0));
      const { server } = await open();
      const answer = await server.handleWeb(request);
      const headers = new Headers(answer.headers);
      // Nobody else's page has any business here.
      for (const name of [...headers.keys()]) if (name.startsWith('access-control-')) headers.delete(name);
      const id = asked ?? idIn(headers.get('location') ?? '');
      if (answer.ok && id !== null && request.method !== 'DELETE') {
        const last = await touched(id);
        if (last !== null) headers.set('Upload-Expires', new Date(last + expiryMs).toUTCString());
        const upload = await finishOnce(id, uploader).catch((error: unknown) => {
          if (toMillError(error).code === 'upload_incomplete') return null;
          throw error;
        });
        if (upload) headers.set('Upload-File-Id', upload.file_id);
      }
      return new Response(answer.body, { status: answer.status, headers });
    },
    async finished(id, uploader) {
      if ((await touched(id)) === null) throw notThere(id);
      return await finishOnce(id, uploader);
    },
    sweep,
    close: () => clearInterval(sweeper),
  };
}

function idIn(url: string): string | null {
  return /\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/?(?:\?|$)/.exec(url)?.[1] ?? null;
}

function notThere(id: string): MillError {
  return new MillError('upload_not_found', `There is no upload "${id}".`, { facts: { id } });
}
