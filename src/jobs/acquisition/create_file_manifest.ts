import { basename } from 'node:path';
import { z } from 'zod';
import { defineJob, type FileJobContext } from '../../core/job.ts';
import { plural } from '../../core/plural.ts';
import { type ByteMeter, createByteMeter } from '../files/byte-meter.ts';
import { hashFile } from '../files/hash-file.ts';
import { changedWhileRead, type InputFile, inputFile, inputStats } from '../files/input.ts';
import { type MediaSummary, maybeMedia, mediaSummary } from '../files/media-summary.ts';
import { sniffMediaType } from '../files/media-type.ts';
import { sizeText } from '../files/size-text.ts';
import { listFolder, skippedWarnings } from '../files/walk.ts';

interface ManifestEntry {
  /** File name; below a folder the path with `/`. */
  name: string;
  size_bytes: number;
  modified_at: string;
  /** As far as the file system knows it. */
  created_at: string;
  /** By content; null when nothing is recognised, as with plain text. */
  mime_type: string | null;
  sha256: string;
  media: MediaSummary | null;
}

export default defineJob({
  name: 'create_file_manifest',
  title: 'Create a manifest',
  description:
    'Describes a file: name, size, times, media type by content, SHA-256 and, for media, duration, picture and sound. A folder gives one entry a file, in a fixed order; links are left out.',
  group: 'acquisition',
  params: z.strictObject({}),
  input: { kind: 'file_or_directory' },
  output: { kind: 'file', extensions: ['.json'] },
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/manifest.json',
    params: {},
    result: {
      kind: 'file',
      name: 'video.mp4',
      size_bytes: 44272,
      modified_at: '2026-11-22T14:56:00.744Z',
      created_at: '2026-11-22T14:56:00.742Z',
      mime_type: 'video/mp4',
      sha256: '5b84f328d47fad254cc10074a8abf92c57446f4fb85905e284068f7242d08ae3',
      media: {
        format: 'mov,mp4,m4a,3gp,3g2,mj2',
        duration_s: 1.2,
        video: { codec: 'h264', width: 1920, height: 1080, frame_rate: 25 },
        audio: { codec: 'aac', sample_rate: 48000, channels: 2 },
      },
    },
  },

  async run(context) {
    const isFolder = (await inputStats(context.input)).isDirectory();
    return isFolder ? await folderManifest(context.input as string, context) : await fileManifest(context);
  },
});

async function fileManifest(context: FileJobContext) {
  const file = await inputFile(context.input);
  using meter = createByteMeter(context, 'hashing', file.size);
  const entry = await describeFile(file, context, meter);
  const data = { kind: 'file', ...entry };
  return {
    message: `${entry.mime_type ?? 'Unknown type'}, ${sizeText(entry.size_bytes)}.`,
    data,
    document: data,
  };
}

async function folderManifest(folder: string, context: FileJobContext) {
  const { entries, skipped } = await listFolder(folder, context.signal);
  const files = entries.filter((entry) => entry.kind === 'file');
  const size = files.reduce((sum, file) => sum + file.stats.size, 0);
  using meter = createByteMeter(context, 'hashing', size);
  const described: ManifestEntry[] = [];
  for (const { path, relative, stats } of files) {
    const file = { path, name: relative, size: stats.size, stats, noFollow: true };
    described.push(await describeFile(file, context, meter));
  }
  const data = { kind: 'directory', name: basename(folder), files: files.length, size_bytes: size };
  return {
    message: `${plural(files.length, 'file')}, ${sizeText(size)}.`,
    // The entries of a large folder belong into the output file, not into the record of the job.
    data,
    document: { ...data, entries: described },
    warnings: skippedWarnings(skipped),
    metrics: { files: files.length },
  };
}

async function describeFile(
  file: InputFile,
  context: FileJobContext,
  meter: ByteMeter,
): Promise<ManifestEntry> {
  const { signal } = context;
  const { path, name, stats, noFollow } = file;
  const mimeType = await sniffMediaType(path, signal);
  const { hash, size } = await hashFile(path, 'sha256', { signal, meter, noFollow });
  if (size !== file.size) throw changedWhileRead(path);
  return {
    name,
    size_bytes: size,
    modified_at: stats.mtime.toISOString(),
    created_at: stats.birthtime.toISOString(),
    mime_type: mimeType,
    sha256: hash,
    media: maybeMedia(mimeType, size) ? await mediaSummary(path, context.probe) : null,
  };
}
