/** The `ffmpeg` that Media Mill is measured against. */
import { execFile } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { MillError } from '../core/errors.ts';

export interface Rival {
  ffmpeg: string;
  ffprobe: string;
  version: string;
  /** Whether its build has this filter, such as `xpsnr`. */
  hasFilter(name: string): boolean;
}

const run = promisify(execFile);

/** Throws `tool_unavailable` when there is none. `path` names an ffmpeg; its ffprobe lies beside it. */
export async function findRival(path = 'ffmpeg'): Promise<Rival> {
  const folder = path.includes('/') ? dirname(path) : null;
  const name = basename(path).replace('ffmpeg', 'ffprobe');
  const ffprobe = folder === null ? name : join(folder, name);
  try {
    const [{ stdout: banner }, { stdout: filters }] = await Promise.all([
      run(path, ['-hide_banner', '-version']),
      run(path, ['-hide_banner', '-filters']),
      run(ffprobe, ['-hide_banner', '-version']),
    ]);
    const version = /^ffmpeg version (\S+)/.exec(banner)?.[1] ?? 'unknown';
    const names = new Set(filters.split('\n').map((line) => line.trim().split(/\s+/)[1]));
    return { ffmpeg: path, ffprobe, version, hasFilter: (filter) => names.has(filter) };
  } catch (error) {
    throw new MillError(
      'tool_unavailable',
      `There is no working ffmpeg and ffprobe at "${path}" to measure against. Install FFmpeg, or name one with --rival.`,
      { cause: error },
    );
  }
}

/** Options of every command: no banner, no questions, nothing on the screen but errors. */
export function quiet({ ffmpeg }: Rival, ...args: string[]): string[] {
  return [ffmpeg, '-hide_banner', '-nostdin', '-v', 'error', '-y', ...args];
}
