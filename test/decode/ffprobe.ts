/** A second opinion: Debian's ffprobe, where it is installed. Only test code may start it. */
import { spawnSync } from 'node:child_process';

export interface ProbeDocument {
  format: Record<string, unknown> & { tags?: Record<string, string> };
  streams: (Record<string, unknown> & { tags?: Record<string, string>; side_data_list?: unknown[] })[];
}

/** What `ffprobe -show_format -show_streams` tells, or null when there is no ffprobe. */
export function ffprobe(path: string, ...more: string[]): ProbeDocument | null {
  const args = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', ...more, path];
  const { error, status, stdout, stderr } = spawnSync('ffprobe', args, { encoding: 'utf8' });
  if (error) return null;
  if (status !== 0) throw new Error(`ffprobe: ${stderr}`);
  return JSON.parse(stdout) as ProbeDocument;
}
