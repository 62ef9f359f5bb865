/**
 * A tar archive (POSIX ustar with pax headers where a name or size needs them) as a stream of pieces. The
 * same files give the same bytes: fixed owner and plain modes, the order of the entries is the caller's.
 */
import { Header, type HeaderData, Pax } from 'tar';
import { changedWhileRead, readFile } from './input.ts';

const BLOCK = 512;

export interface TarEntry {
  kind: 'file' | 'directory';
  /** Path on this machine. */
  path: string;
  /** Path in the archive, with `/`. */
  name: string;
  size: number;
  executable: boolean;
  modified: Date;
}

export interface TarOptions {
  signal: AbortSignal;
  /** Called with the bytes of content, as they are read. */
  onContent(bytes: number): void;
}

export async function* tarPieces(entries: Iterable<TarEntry>, options: TarOptions): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    yield entryHeader(entry);
    if (entry.kind === 'file') yield* entryContent(entry, options);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** Bytes the archive will have, to be told beforehand. */
export function tarSize(entries: Iterable<TarEntry>): number {
  let size = 2 * BLOCK;
  for (const entry of entries) {
    size += entryHeader(entry).length + (entry.kind === 'file' ? entry.size + padding(entry.size) : 0);
  }
  return size;
}

function entryHeader(entry: TarEntry): Buffer {
  const isFile = entry.kind === 'file';
  const data: HeaderData = {
    path: isFile ? entry.name : `${entry.name}/`,
    type: isFile ? 'File' : 'Directory',
    mode: isFile && !entry.executable ? 0o644 : 0o755,
    uid: 0,
    gid: 0,
    uname: '',
    gname: '',
    size: isFile ? entry.size : 0,
    // Whole seconds: fractions would need a pax header for every file.
    mtime: new Date(Math.max(0, Math.floor(entry.modified.getTime() / 1000)) * 1000),
  };
  const block = Buffer.alloc(BLOCK);
  const needsPax = new Header(data).encode(block);
  if (!needsPax) return block;
  return Buffer.concat([new Pax({ path: data.path, size: data.size }).encode(), block]);
}

async function* entryContent(entry: TarEntry, options: TarOptions): AsyncGenerator<Buffer> {
  let left = entry.size;
  for await (const piece of readFile(entry.path, { signal: options.signal, noFollow: true })) {
    left -= piece.length;
    if (left < 0) break;
    options.onContent(piece.length);
    yield piece;
  }
  // The header is written already and says how much must follow.
  if (left !== 0) throw changedWhileRead(entry.path);
  const rest = padding(entry.size);
  if (rest > 0) yield Buffer.alloc(rest);
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}
