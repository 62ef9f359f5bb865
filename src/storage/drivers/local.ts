/**
 * Storage in two folders of this machine.
 *
 * Layout: `<input>/<uuid>.<ext>` uploads, `<input>/.names/<uuid>` what clients called them, `<input>/.incoming/`
 * uploads that are still coming in, `<input>/.uploads/` those that can be resumed,
 * `<output>/.work/<attempt>/` work folders, `.mill-*` beside a target while it is replaced. Every name with a
 * leading dot belongs to the program: it is never listed and no reference reaches it.
 *
 * Limits: names up to 255 bytes; the two roots must differ (one may lie inside the other).
 */
import { randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, rename, rm, statfs } from 'node:fs/promises';
import { join, resolve as toAbsolute } from 'node:path';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MillError } from '../../core/errors.ts';
import { hasCode, storageFault, systemCode } from '../local/faults.ts';
import { findPlace, locationOf, type Place, type Root } from '../local/jail.ts';
import { isLeftover, ownedName } from '../local/leftovers.ts';
import { originalNames } from '../local/original-names.ts';
import { ASIDE, publishTo, syncFolder } from '../local/publish.ts';
import { receive } from '../local/receive.ts';
import { opendirOrNone, type WalkedFile, walkFiles, walkNamed } from '../local/walk.ts';
import { checkWritable, createWorkFolder, removeWorkFolder, sweepWorkFolders } from '../local/work.ts';
import { Meter } from '../meter.ts';
import { originalNameOf } from '../original-name.ts';
import type { Area, ByteRange, Storage, StoredObject, Upload, UploadOptions } from '../port.ts';
import { type Location, locate, notFound, outside, parseReference, pathOf, quote } from '../reference.ts';
import { sniffExtension, UPLOAD_EXTENSIONS } from '../sniff.ts';

export interface LocalStorageOptions {
  /** Folder behind `/data/input`; created when missing. */
  inputRoot: string;
  /** Folder behind `/data/output`; created when missing. */
  outputRoot: string;
}

const INCOMING = '.incoming';
const WORK = '.work';
const NAMES = '.names';

export default async function openLocalStorage(options: LocalStorageOptions): Promise<Storage> {
  const input = await openRoot('input', options.inputRoot);
  const output = await openRoot('output', options.outputRoot);
  if (input.real === output.real) {
    throw new MillError(
      'invalid_config',
      '[storage] input_path and output_path must be two different folders.',
    );
  }
  const roots = [input, output];
  const incoming = join(input.real, INCOMING);
  const workRoot = join(output.real, WORK);
  const names = originalNames(join(input.real, NAMES));

  /** Where a reference leads, links resolved. */
  async function place(reference: string): Promise<Place> {
    const parsed = parseReference(reference);
    if (parsed.kind === 'file_id') return findUpload(parsed.id, reference);
    return findPlace(roots, parsed.kind === 'host' ? fromHost(parsed.path) : parsed.location, reference);
  }

  function fromHost(path: string): Location {
    const plain = toAbsolute(path);
    const found = locationOf(roots, plain, 'configured') ?? locationOf(roots, plain, 'real');
    if (!found) throw outside(path);
    return locate(found.area, found.segments, path);
  }

  async function findUpload(id: string, reference: string): Promise<Place> {
    for (const extension of UPLOAD_EXTENSIONS) {
      const found = await findPlace(roots, { area: 'input', segments: [id + extension] }, reference);
      if (found.kind === 'file') return found;
    }
    return { location: { area: 'input', segments: [id] }, host: join(input.real, id), kind: 'missing' };
  }

  /** The place of a canonical path that must be there. */
  async function existing(path: string): Promise<Place> {
    const found = await place(path);
    if (found.kind === 'missing' || found.kind === 'blocked') throw notFound(found.location.area, path);
    return found;
  }

  async function upload(content: Readable, limits: UploadOptions): Promise<Upload> {
    const temporary = join(incoming, ownedName());
    const meter = new Meter(limits.maxBytes);
    try {
      await mkdir(incoming, { recursive: true });
      const handle = await open(temporary, 'wx', 0o640);
      await receive(content, meter, handle.createWriteStream({ flush: true }), limits.signal);
      return await admit(temporary, meter, limits);
    } catch (error) {
      content.destroy();
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** A file that is complete, on the disk, and measured. */
  async function admit(local: string, meter: Meter, limits: UploadOptions): Promise<Upload> {
    const id = randomUUID();
    const filename = id + (await sniffExtension(local));
    const original_name = originalNameOf(limits.originalName);
    limits.signal?.throwIfAborted();
    await names.keep(id, original_name);
    await rename(local, join(input.real, filename));
    await syncFolder(input.real);
    const path = pathOf({ area: 'input', segments: [filename] });
    return {
      file_id: id,
      filename,
      path,
      size_bytes: meter.bytes,
      sha256: meter.sha256(),
      original_name,
    };
  }

  /** Into the folder of what comes in first, which is on the same disk as the uploads. */
  async function adopt(local: string, limits: UploadOptions): Promise<Upload> {
    const temporary = join(incoming, ownedName());
    await mkdir(incoming, { recursive: true });
    try {
      await rename(local, temporary);
    } catch (error) {
      if (!hasCode(error, 'EXDEV')) throw error;
      const stored = await upload(createReadStream(local), limits);
      await rm(local, { force: true });
      return stored;
    }
    try {
      const meter = new Meter(limits.maxBytes);
      const content = createReadStream(temporary);
      await pipeline(content, meter, new Writable({ write: (_chunk, _encoding, done) => done() }), {
        signal: limits.signal,
      });
      await syncFile(temporary);
      return await admit(temporary, meter, limits);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async function stat(path: string): Promise<StoredObject | null> {
    const { location, host, kind } = await place(path);
    if (kind === 'missing' || kind === 'blocked') return null;
    const stats = await lstat(host);
    let size = stats.size;
    if (kind === 'directory') {
      size = 0;
      for await (const file of walkFiles(host)) size += file.size_bytes;
    }
    return {
      path: pathOf(location),
      name: location.segments.at(-1) ?? '',
      kind,
      size_bytes: size,
      modified_at: stats.mtime.toISOString(),
    };
  }

  async function list(path: string): Promise<{ name: string; size_bytes: number }[]> {
    const { location, host, kind } = await existing(path);
    if (kind !== 'directory') throw notFound(location.area, path, 'It is a file, not a folder.');
    const files: WalkedFile[] = [];
    for await (const file of walkFiles(host)) files.push(file);
    return files.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async function read(path: string, range?: ByteRange): Promise<Readable> {
    const { location, host, kind } = await existing(path);
    if (kind !== 'file') throw notFound(location.area, path, 'It is a folder, not a file.');
    // The name was free of links a moment ago; O_NOFOLLOW makes sure its end still is.
    const handle = await open(host, constants.O_RDONLY | constants.O_NOFOLLOW);
    return handle.createReadStream({ ...range });
  }

  async function remove(path: string): Promise<boolean> {
    const parsed = parseReference(path);
    if (parsed.kind !== 'location') throw outside(path);
    const found = await place(path);
    if (pathOf(found.location) !== pathOf(parsed.location)) throw outside(path, 'It is a link.');
    if (found.kind === 'missing' || found.kind === 'blocked') return false;
    await rm(found.host, { recursive: found.kind === 'directory' });
    if (isUpload(found.location)) await names.forget(found.location.segments[0] ?? '');
    return true;
  }

  async function publish(local: string, path: string): Promise<void> {
    const { host, kind } = await place(path);
    if (kind === 'blocked') {
      throw new MillError('output_exists', `A file stands where ${quote(path)} needs a folder.`);
    }
    await publishTo(local, host);
  }

  async function sweep(isAlive: (attempt: string) => Promise<boolean>): Promise<number> {
    const removed = await sweepWorkFolders(workRoot, isAlive);
    for await (const entry of await opendirOrNone(incoming)) {
      const host = join(incoming, entry.name);
      if (isLeftover(entry.name, host)) await rm(host, { recursive: true, force: true });
    }
    await names.sweep(() => readdir(input.real));
    for (const root of roots) {
      for await (const { name, host } of walkNamed(root.real, ASIDE)) {
        if (isLeftover(name.slice(ASIDE.length), host)) await rm(host, { recursive: true, force: true });
      }
    }
    return removed;
  }

  return {
    remote: false,
    direct: null,
    resolve: (reference, purpose) =>
      faultsOf(purpose, async () => {
        const { location, kind } = await place(reference);
        if (purpose === 'read' && (kind === 'missing' || kind === 'blocked')) {
          throw new MillError('input_not_found', `There is no file ${quote(reference)}.`);
        }
        if (purpose === 'write' && parseReference(reference).kind === 'file_id') {
          throw outside(reference, 'An output needs a path below /data/output.');
        }
        if (kind === 'blocked') {
          throw new MillError('output_exists', `A file stands where ${quote(reference)} needs a folder.`);
        }
        return pathOf(location);
      }),
    upload: (content, limits) => faultsOf('write', () => upload(content, limits)),
    adopt: (local, limits) => faultsOf('write', () => adopt(local, limits)),
    originalName: (path) =>
      faultsOf('read', async () => {
        const { location } = await place(path);
        return isUpload(location) ? await names.of(location.segments[0] ?? '') : null;
      }),
    stat: (path) => faultsOf('read', () => stat(path)),
    list: (path) => faultsOf('read', () => list(path)),
    read: (path, range) => faultsOf('read', () => read(path, range)),
    remove: (path) => faultsOf('write', () => remove(path)),
    createWork: (attempt) => faultsOf('write', () => createWorkFolder(workRoot, attempt)),
    fetch: (path) => faultsOf('read', async () => (await existing(path)).host),
    publish: (local, path) => faultsOf('write', () => publish(local, path)),
    removeWork: (work) => faultsOf('write', () => removeWorkFolder(workRoot, work)),
    sweep: (isAlive) => faultsOf('write', () => sweep(isAlive)),
    freeBytes: () =>
      faultsOf('read', async () => {
        const { bavail, bsize } = await statfs(output.real);
        return bavail * bsize;
      }),
    check: async () => {
      for (const folder of [incoming, workRoot]) await checkWritable(folder);
    },
  };
}

/** Uploads lie in the folder itself, never below it. */
function isUpload({ area, segments }: Location): boolean {
  return area === 'input' && segments.length === 1;
}

async function syncFile(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

async function openRoot(area: Area, folder: string): Promise<Root> {
  const configured = toAbsolute(folder);
  try {
    await mkdir(configured, { recursive: true });
    return { area, configured, real: await realpath(configured) };
  } catch (error) {
    throw new MillError('storage_unavailable', `The ${area} folder cannot be opened: ${systemCode(error)}.`, {
      cause: error,
    });
  }
}

/** Runs an operation; whatever the operating system throws comes out in our words. */
async function faultsOf<T>(purpose: 'read' | 'write', operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw storageFault(error, purpose);
  }
}
