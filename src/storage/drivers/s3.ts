/**
 * Storage in a bucket of Amazon S3 or of anything that speaks its protocol.
 *
 * Layout: `<prefix>input/<uuid>.<ext>` uploads, `<prefix>output/…` results under the names people gave them,
 * `<prefix>.incoming/<uuid>` direct uploads that are not registered yet. Every name with a leading dot belongs to
 * the program: it is never listed and no reference reaches it. Work folders lie on this machine.
 *
 * Counts on S3's strong consistency: what was written is seen by the next request. Limits: keys up to 1024 bytes.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm, statfs } from 'node:fs/promises';
import { join, resolve as toAbsolute } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { MillError } from '../../core/errors.ts';
import { checkWritable, createWorkFolder, removeWorkFolder, sweepWorkFolders } from '../local/work.ts';
import type { ByteRange, Storage, StoredObject } from '../port.ts';
import { type Location, locate, notFound, outside, pathOf, quote } from '../reference.ts';
import { type BucketOptions, connect } from '../s3/connection.ts';
import { directAccess } from '../s3/direct.ts';
import { isMissing, s3Fault } from '../s3/faults.ts';
import { downloadObject, streamObject } from '../s3/get.ts';
import { INCOMING, keysIn, UNFINISHED } from '../s3/keys.ts';
import {
  deleteObject,
  deleteObjects,
  headObject,
  inParallel,
  listObjects,
  type ObjectHead,
} from '../s3/objects.ts';
import { readName } from '../s3/original-name.ts';
import { publishTo } from '../s3/publish.ts';
import { putObject } from '../s3/put.ts';
import { sweepBucket } from '../s3/sweep.ts';
import { uploadTo } from '../s3/upload.ts';

export interface S3StorageOptions extends BucketOptions {
  /** Put before every key, such as `mediamill/`; default none. */
  prefix: string;
  /** Folder of this machine for work folders; created when missing. */
  workRoot: string;
}

/** Files of a folder that are fetched at a time. */
const FILES_AT_A_TIME = 4;

type Place = { location: Location; key: string } & (
  | { kind: 'file'; head: ObjectHead }
  | { kind: 'directory' | 'missing' }
);

interface ListedFile {
  name: string;
  key: string;
  head: ObjectHead;
}

export default async function openS3Storage(options: S3StorageOptions): Promise<Storage> {
  if (options.bucket === '') {
    throw new MillError('invalid_config', '[storage.s3] bucket is required when [storage] type is "s3".', {
      facts: { key: 'storage.s3.bucket' },
    });
  }
  const connection = await connect(options);
  const keys = keysIn(options.bucket, options.prefix);
  const workRoot = toAbsolute(options.workRoot);

  function locationOf(reference: string): Location | { file_id: string } {
    const parsed = keys.parse(reference);
    if (parsed.kind === 'host') throw outside(reference);
    return parsed.kind === 'file_id' ? { file_id: parsed.id } : parsed.location;
  }

  /** What lies under a reference now. A folder that is being written is not there. */
  async function place(reference: string, signal?: AbortSignal): Promise<Place> {
    const found = locationOf(reference);
    const location = 'file_id' in found ? await uploadOf(found.file_id, signal) : found;
    const key = keys.of(location);
    for (const marker of keys.markersAbove(location)) {
      if (await headObject(connection, marker, signal)) return { location, key, kind: 'missing' };
    }
    const head = await headObject(connection, key, signal);
    if (head) return { location, key, kind: 'file', head };
    // The marker sorts before every visible name but those below '.': asked for first, it is the first listed.
    for await (const { Key } of listObjects(connection, `${key}/`, { most: 1, signal })) {
      const unfinished =
        Key === `${key}/${UNFINISHED}` || (await headObject(connection, `${key}/${UNFINISHED}`));
      return { location, key, kind: unfinished ? 'missing' : 'directory' };
    }
    return { location, key, kind: 'missing' };
  }

  async function uploadOf(id: string, signal?: AbortSignal): Promise<Location> {
    const area = keys.area('input');
    for await (const { Key } of listObjects(connection, `${area}${id}.`, { most: 1, signal })) {
      return locate('input', Key.slice(area.length).split('/'), id);
    }
    return { area: 'input', segments: [id] };
  }

  async function existing(path: string, signal?: AbortSignal): Promise<Exclude<Place, { kind: 'missing' }>> {
    const found = await place(path, signal);
    if (found.kind === 'missing') throw notFound(found.location.area, path);
    return found as Exclude<Place, { kind: 'missing' }>;
  }

  /** Files below a key, without hidden ones, folder marks, and folders that are being written. */
  async function filesBelow(key: string, signal?: AbortSignal): Promise<ListedFile[]> {
    const files: ListedFile[] = [];
    const unfinished: string[] = [];
    for await (const object of listObjects(connection, `${key}/`, { signal })) {
      const name = object.Key.slice(key.length + 1);
      if (name.endsWith(`/${UNFINISHED}`)) unfinished.push(name.slice(0, -UNFINISHED.length));
      const names = name.split('/');
      if (names.some((one) => one === '' || one.startsWith('.'))) continue;
      const { Size: size_bytes = 0, LastModified = new Date(0), ETag: etag = '' } = object;
      files.push({
        name,
        key: object.Key,
        head: { size_bytes, modified_at: LastModified.toISOString(), etag, metadata: {} },
      });
    }
    return files
      .filter(({ name }) => !unfinished.some((folder) => name.startsWith(folder)))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async function resolve(reference: string, purpose: 'read' | 'write'): Promise<string> {
    const location = locationOf(reference);
    if (purpose === 'read') {
      const found = await place(reference);
      if (found.kind === 'missing') {
        throw new MillError('input_not_found', `There is no file ${quote(reference)}.`);
      }
      return pathOf(found.location);
    }
    if ('file_id' in location) throw outside(reference, 'An output needs a path below /data/output.');
    keys.of(location);
    for (const above of keys.filesAbove(location)) {
      if (!(await headObject(connection, above))) continue;
      throw new MillError('output_exists', `A file stands where ${quote(reference)} needs a folder.`);
    }
    return pathOf(location);
  }

  async function stat(path: string): Promise<StoredObject | null> {
    const found = await place(path);
    if (found.kind === 'missing') return null;
    const name = found.location.segments.at(-1) ?? '';
    const shown = { path: pathOf(found.location), name };
    if (found.kind === 'file') {
      const { size_bytes, modified_at, etag } = found.head;
      return { ...shown, kind: 'file', size_bytes, modified_at, version: etag.replaceAll('"', '') };
    }
    const files = await filesBelow(found.key);
    const modified = files.map(({ head }) => head.modified_at).sort();
    return {
      ...shown,
      kind: 'directory',
      size_bytes: files.reduce((sum, { head }) => sum + head.size_bytes, 0),
      modified_at: modified.at(-1) ?? new Date(0).toISOString(),
    };
  }

  async function list(path: string): Promise<{ name: string; size_bytes: number }[]> {
    const { location, key, kind } = await existing(path);
    if (kind === 'file') throw notFound(location.area, path, 'It is a file, not a folder.');
    const files = await filesBelow(key);
    return files.map(({ name, head }) => ({ name, size_bytes: head.size_bytes }));
  }

  async function read(path: string, range?: ByteRange, version?: string) {
    const location = locationOf(path);
    if ('file_id' in location || location.segments.length > 1) {
      const found = await existing(path);
      return streamObject(connection, found.key, range, version).catch(missing(found.location, path));
    }
    return streamObject(connection, keys.of(location), range, version).catch(missing(location, path));
  }

  async function remove(path: string): Promise<boolean> {
    const location = locationOf(path);
    if ('file_id' in location) throw outside(path);
    const key = keys.of(location);
    if (await headObject(connection, key)) {
      await deleteObject(connection, key);
      return true;
    }
    const finished = (await place(path)).kind === 'directory';
    const below = async function* () {
      for await (const { Key } of listObjects(connection, `${key}/`)) yield Key;
    };
    return (await deleteObjects(connection, below())) > 0 && finished;
  }

  async function fetch(path: string, work: string, signal?: AbortSignal): Promise<string> {
    const found = await existing(path, signal);
    const local = join(work, found.location.segments.at(-1) ?? 'input');
    if (found.kind === 'file') {
      await downloadObject(connection, found.key, found.head, local, signal).catch(
        missing(found.location, path),
      );
      return local;
    }
    await mkdir(local);
    await inParallel(await filesBelow(found.key, signal), FILES_AT_A_TIME, async ({ name, key, head }) => {
      const file = join(local, name);
      await mkdir(join(file, '..'), { recursive: true });
      await downloadObject(connection, key, head, file, signal);
    });
    return local;
  }

  async function check(depth: 'quick' | 'thorough' = 'quick'): Promise<void> {
    await checkWritable(workRoot);
    for await (const _ of listObjects(connection, keys.area('output'), { most: 1 })) break;
    if (depth === 'quick') return;
    const key = `${keys.prefix}.mill-check-${randomUUID()}`;
    const content = Buffer.from(key);
    await putObject(connection, key, only(content), { atMost: content.length });
    const back = await buffer(await streamObject(connection, key));
    await deleteObject(connection, key);
    if (!back.equals(content)) {
      throw new MillError('storage_unavailable', 'The bucket gave back something else than was put in.');
    }
  }

  return {
    remote: true,
    direct: await directAccess(connection, keys, options),
    resolve: (reference, purpose) => faults(() => resolve(reference, purpose)),
    upload: (content, limits) => uploadTo(connection, keys, content, limits),
    adopt: async (local, limits) => {
      const stored = await uploadTo(connection, keys, createReadStream(local), limits);
      await faults(() => rm(local, { force: true }));
      return stored;
    },
    originalName: (path) =>
      faults(async () => {
        const { location, key, kind } = await place(path);
        return kind === 'file' && location.area === 'input' ? readName(connection, key) : null;
      }),
    stat: (path) => faults(() => stat(path)),
    list: (path) => faults(() => list(path)),
    read: (path, range, version) => faults(() => read(path, range, version)),
    remove: (path) => faults(() => remove(path)),
    createWork: (attempt) => faults(() => createWorkFolder(workRoot, attempt)),
    fetch: (path, work, signal) => faults(() => fetch(path, work, signal), signal),
    publish: (local, path, signal) =>
      faults(async () => {
        const location = locationOf(path);
        if ('file_id' in location) throw outside(path);
        await publishTo(connection, keys, local, location, signal);
      }, signal),
    removeWork: (work) => faults(() => removeWorkFolder(workRoot, work)),
    sweep: (isAlive) =>
      faults(async () => {
        const removed = await sweepWorkFolders(workRoot, isAlive);
        await sweepBucket(
          connection,
          [keys.area('input'), keys.area('output'), keys.prefix + INCOMING],
          keys.prefix + INCOMING,
        );
        return removed;
      }),
    freeBytes: () =>
      faults(async () => {
        await mkdir(workRoot, { recursive: true });
        const { bavail, bsize } = await statfs(workRoot);
        return bavail * bsize;
      }),
    check: (depth) => faults(() => check(depth)),
  };
}

async function faults<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw s3Fault(error, signal);
  }
}

/** It was there a moment ago, or was never looked for. */
function missing(location: Location, path: string): (error: unknown) => never {
  return (error) => {
    throw isMissing(error) ? notFound(location.area, path) : error;
  };
}

async function* only(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}
