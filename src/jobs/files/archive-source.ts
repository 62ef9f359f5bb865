/** What goes into a compressor: a file as it is, or a tar of a file or a folder. */
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { FileJobContext } from '../../core/job.ts';
import { plural } from '../../core/plural.ts';
import type { ByteMeter } from './byte-meter.ts';
import { inputStats, readFile } from './input.ts';
import { type TarEntry, tarPieces, tarSize } from './tar.ts';
import { listFolder, skippedWarnings } from './walk.ts';

export interface ArchiveSource {
  what: string;
  tar: boolean;
  /** Bytes of all files, without the headers of a tar. */
  contentSize: number;
  /** Bytes that go into the compressor. */
  size: number;
  pieces(): AsyncIterable<Buffer>;
  warnings: string[];
}

/** A folder always becomes a tar; a file does when the name of the output says tar and it is none yet. */
export async function openArchiveSource(context: FileJobContext, meter: ByteMeter): Promise<ArchiveSource> {
  const { signal, target } = context;
  const stats = await inputStats(context.input);
  const path = context.input as string;
  const name = basename(path);
  if (stats.isDirectory()) return await folderSource(path, name, context, meter);
  const size = stats.size;
  if (!namesTar(target.name) || (await isTar(path))) {
    const pieces = () => readFile(path, { signal, meter });
    return { what: `"${name}"`, tar: false, contentSize: size, size, pieces, warnings: [] };
  }
  const executable = (stats.mode & 0o100) !== 0;
  const entry: TarEntry = { kind: 'file', path, name, size, executable, modified: stats.mtime };
  return tarSource(`"${name}"`, [entry], signal, meter, []);
}

async function folderSource(
  folder: string,
  name: string,
  context: FileJobContext,
  meter: ByteMeter,
): Promise<ArchiveSource> {
  const { entries, skipped } = await listFolder(folder, context.signal);
  const root = await stat(folder);
  const tarEntries: TarEntry[] = [
    { kind: 'directory', path: folder, name, size: 0, executable: true, modified: root.mtime },
    ...entries.map(({ kind, path, relative, stats }) => ({
      kind,
      path,
      name: `${name}/${relative}`,
      size: kind === 'file' ? stats.size : 0,
      executable: (stats.mode & 0o100) !== 0,
      modified: stats.mtime,
    })),
  ];
  const files = entries.filter((entry) => entry.kind === 'file').length;
  const warnings = skippedWarnings(skipped);
  if (!namesTar(context.target.name)) {
    warnings.push(`"${context.target.name}" is a tar archive, though its name does not say so.`);
  }
  return tarSource(plural(files, 'file'), tarEntries, context.signal, meter, warnings);
}

function tarSource(
  what: string,
  entries: TarEntry[],
  signal: AbortSignal,
  meter: ByteMeter,
  warnings: string[],
): ArchiveSource {
  return {
    what,
    tar: true,
    contentSize: entries.reduce((sum, entry) => sum + entry.size, 0),
    size: tarSize(entries),
    pieces: () => tarPieces(entries, { signal, onContent: (bytes) => meter.add(bytes) }),
    warnings,
  };
}

function namesTar(name: string): boolean {
  return /\.(?:tar\.[^.]+|tgz|tzst)$/i.test(name);
}

/** The magic of POSIX and GNU tar, at byte 257 of the first header. */
async function isTar(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(5), 0, 5, 257);
    return bytesRead === 5 && buffer.toString('latin1') === 'ustar';
  } finally {
    await handle.close();
  }
}
