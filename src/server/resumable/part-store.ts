/** Unfinished uploads as files, each beside a description. Grows a file by what comes in, and says when the disk is full. */
import { statfs } from 'node:fs/promises';
import { FileStore } from '@tus/file-store';

/** Less room than this after a failed write: it was the room that failed it. */
const FULL_BYTES = 1024 * 1024;

export class PartStore extends FileStore {
  override async write(...given: Parameters<FileStore['write']>): ReturnType<FileStore['write']> {
    try {
      return await super.write(...given);
    } catch (error) {
      if ((await freeBytes(this.directory)) > FULL_BYTES) throw error;
      throw { status_code: 507, body: 'There is no space left on the disk.\n' };
    }
  }
}

export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
