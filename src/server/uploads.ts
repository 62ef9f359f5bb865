/** Uploads of somebody: within the limit of the server and the quota of the key, and noted as theirs. */
import type { Readable } from 'node:stream';
import type { Caller } from '../auth/caller.ts';
import { MillError } from '../core/errors.ts';
import type { Upload } from '../storage/port.ts';
import type { Context } from './context.ts';

type Ports = Pick<Context, 'storage' | 'security' | 'config'>;

/** Bytes that may come in now. Throws `quota_exceeded` when there is no room for `announced` bytes. */
export async function roomFor(
  { storage, security, config }: Ports,
  caller: Caller,
  announced: number,
): Promise<{ maxBytes: number; byQuota: boolean }> {
  const limit = config.server.max_upload_bytes;
  const room = await security.files.room(caller, async (path) => (await storage.stat(path)) !== null);
  if (room <= 0 || announced > room) throw quotaExceeded(caller, room);
  return { maxBytes: Math.min(limit, room), byQuota: room < limit };
}

/** Stores a stream and notes whose it is. `announced` may be more than the file, by the envelope of a form. */
export async function acceptUpload(
  context: Ports,
  caller: Caller,
  content: Readable,
  { announced, originalName }: { announced: number; originalName?: string },
): Promise<Upload> {
  let byQuota = false;
  try {
    const room = await roomFor(context, caller, announced);
    byQuota = room.byQuota;
    const upload = await context.storage.upload(content, {
      maxBytes: room.maxBytes,
      ...(originalName !== undefined && { originalName }),
    });
    await noteUpload(context, caller, upload);
    return upload;
  } catch (error) {
    content.resume();
    if (byQuota && error instanceof MillError && error.code === 'payload_too_large')
      throw quotaExceeded(caller, 0);
    throw error;
  }
}

/** A file that could not be noted would belong to nobody: better not to have it. */
export async function noteUpload(
  { storage, security }: Ports,
  caller: Caller,
  upload: Pick<Upload, 'path' | 'size_bytes'>,
): Promise<void> {
  try {
    await security.files.uploaded(caller, upload.path, upload.size_bytes);
  } catch (error) {
    const others = error instanceof MillError && error.code === 'input_not_found';
    if (!others) await storage.remove(upload.path).catch(() => {});
    throw error;
  }
}

export async function discardUpload(
  { storage, security }: Ports,
  { path }: Pick<Upload, 'path'>,
): Promise<void> {
  await storage.remove(path);
  await security.files.removed(path);
}

function quotaExceeded({ quotaBytes }: Caller, room: number): MillError {
  return new MillError(
    'quota_exceeded',
    `This key may keep ${quotaBytes} bytes of uploads, and has room for ${room}.`,
    {
      facts: { quota_bytes: quotaBytes, room_bytes: room },
    },
  );
}
