/**
 * Files that are there in name and size, but whose bytes come when they are asked for: the source of an order whose
 * storage is elsewhere. Everything in the engine that opens a source looks here first.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import {
  AVERROR_EIO,
  AVERROR_EOF,
  AVSEEK_CUR,
  AVSEEK_END,
  AVSEEK_FORCE,
  AVSEEK_SET,
  AVSEEK_SIZE,
} from 'node-av/constants';
import { IOContext } from 'node-av/lib';

/** Resolves when the bytes from `start` up to, not including, `end` lie in the file. */
export type NeedBytes = (start: number, end: number) => Promise<void>;

interface PartialFile {
  size: number;
  need: NeedBytes;
}

/** FFmpeg's own reads; smaller ones than a block of what is fetched. */
const BUFFER_BYTES = 64 * 1024;

const files = new Map<string, PartialFile>();

/** Until the answer is disposed of. */
export function declarePartial(path: string, file: PartialFile): Disposable {
  files.set(path, file);
  return { [Symbol.dispose]: () => void files.delete(path) };
}

export function isPartial(path: string): boolean {
  return files.has(path);
}

/** Nothing to wait for when the file is whole. */
export async function needBytes(path: string, start: number, end: number): Promise<void> {
  const file = files.get(path);
  if (file && start < file.size) await file.need(start, Math.min(end, file.size));
}

export interface PartialInput extends Disposable {
  io: IOContext;
  /** Why bytes could not be had; FFmpeg itself only knows that there was an error. */
  failure(): unknown;
}

/**
 * An input for FFmpeg's asynchronous calls; null when the file is whole. Its synchronous calls would wait for ever:
 * the callbacks need the event loop.
 */
export function openPartial(path: string): PartialInput | null {
  const file = files.get(path);
  if (!file) return null;
  const handle = openSync(path, 'r');
  const io = new IOContext();
  let position = 0;
  let failed: unknown = null;

  async function read(length: number): Promise<Buffer | number> {
    const end = Math.min(position + length, file?.size ?? 0);
    if (position >= end) return AVERROR_EOF;
    try {
      await file?.need(position, end);
      const bytes = Buffer.alloc(end - position);
      const count = readSync(handle, bytes, 0, bytes.length, position);
      position += count;
      return bytes.subarray(0, count);
    } catch (error) {
      failed ??= error;
      return AVERROR_EIO;
    }
  }

  function seek(offset: bigint, whence: number): bigint {
    const size = file?.size ?? 0;
    const kind = whence & ~AVSEEK_FORCE;
    if (kind === AVSEEK_SIZE) return BigInt(size);
    const origin = { [AVSEEK_SET]: 0, [AVSEEK_CUR]: position, [AVSEEK_END]: size }[kind];
    const target = Number(offset) + (origin ?? Number.NaN);
    if (!(target >= 0)) return BigInt(AVERROR_EIO);
    position = target;
    return BigInt(target);
  }

  io.allocContextWithCallbacks(BUFFER_BYTES, 0, read, null, seek);
  return {
    io,
    failure: () => failed,
    [Symbol.dispose]() {
      io.freeContext();
      closeSync(handle);
    },
  };
}
