/**
 * Makes a finished file or folder visible. A file is one object: it appears when all of it is there. A folder is
 * many; while they are written a marker stands among them, and as long as it stands nobody is shown the folder.
 */
import { createReadStream } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { MillError } from '../../core/errors.ts';
import { type Location, quote } from '../reference.ts';
import type { Connection } from './connection.ts';
import { abortedBy } from './faults.ts';
import { type Keys, UNFINISHED } from './keys.ts';
import { deleteObject, deleteObjects, headObject, inParallel, listObjects } from './objects.ts';
import { putObject } from './put.ts';

/** Files of a folder that go up at a time; each may have parts of its own in memory. */
const FILES_AT_A_TIME = 4;
const READ_BYTES = 1024 ** 2;

interface LocalFile {
  /** Relative to the folder, with `/`. */
  name: string;
  local: string;
  size: number;
}

/** Throws `output_exists` when a file and a folder would swap. */
export async function publishTo(
  connection: Connection,
  keys: Keys,
  local: string,
  location: Location,
  signal?: AbortSignal,
): Promise<void> {
  const key = keys.of(location);
  await refuseFilesAbove(connection, keys, location);
  const stats = await lstat(local).catch(() => null);
  if (!stats) throw new MillError('internal', 'There is nothing to publish.');
  if (stats.isFile()) return publishFile(connection, { name: '', local, size: stats.size }, key, signal);
  if (!stats.isDirectory()) throw new MillError('output_exists', 'A link or a device is in the way.');
  await publishFolder(connection, local, key, signal);
}

async function refuseFilesAbove(connection: Connection, keys: Keys, location: Location): Promise<void> {
  for (const above of keys.filesAbove(location)) {
    if (!(await headObject(connection, above))) continue;
    throw new MillError(
      'output_exists',
      `A file stands where ${quote(location.segments.join('/'))} needs a folder.`,
    );
  }
}

async function publishFile(
  connection: Connection,
  file: LocalFile,
  key: string,
  signal?: AbortSignal,
): Promise<void> {
  for await (const _ of listObjects(connection, `${key}/`, { most: 1 })) {
    throw new MillError('output_exists', 'There is already a folder of that name; this is a file.');
  }
  await putFile(connection, file, key, signal);
}

async function publishFolder(
  connection: Connection,
  local: string,
  key: string,
  signal?: AbortSignal,
): Promise<void> {
  if (await headObject(connection, key)) {
    throw new MillError('output_exists', 'There is already a file of that name; this is a folder.');
  }
  const files: LocalFile[] = [];
  for await (const file of filesBelow(local)) files.push(file);
  const marker = `${key}/${UNFINISHED}`;
  await putObject(connection, marker, only(Buffer.alloc(0)), { atMost: 0, signal });
  const wanted = new Set(files.map(({ name }) => `${key}/${name}`));
  await deleteObjects(connection, others(connection, key, wanted, marker));
  await inParallel(files, FILES_AT_A_TIME, (file) =>
    putFile(connection, file, `${key}/${file.name}`, signal),
  );
  if (signal?.aborted) throw abortedBy(signal);
  await deleteObject(connection, marker);
}

/** What an earlier folder of that name had and this one has not. */
async function* others(
  connection: Connection,
  key: string,
  wanted: ReadonlySet<string>,
  marker: string,
): AsyncGenerator<string> {
  for await (const { Key } of listObjects(connection, `${key}/`)) {
    if (Key !== marker && !wanted.has(Key)) yield Key;
  }
}

async function putFile(
  connection: Connection,
  file: LocalFile,
  key: string,
  signal?: AbortSignal,
): Promise<void> {
  const stream = createReadStream(file.local, { highWaterMark: READ_BYTES });
  try {
    const stored = await putObject(connection, key, stream, { atMost: file.size, signal });
    if (stored === file.size) return;
    throw new MillError('output_verification_failed', 'The output changed while it was stored.');
  } finally {
    stream.destroy();
  }
}

async function* filesBelow(folder: string, prefix = ''): AsyncGenerator<LocalFile> {
  for await (const entry of await opendir(folder)) {
    const local = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(local, `${prefix}${entry.name}/`);
    else if (entry.isFile()) yield { name: prefix + entry.name, local, size: (await lstat(local)).size };
    else throw new MillError('output_verification_failed', 'The output folder has a link or a device in it.');
  }
}

async function* only(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}
