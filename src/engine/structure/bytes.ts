/** A file as bytes at places. */
import { type FileHandle, open } from 'node:fs/promises';
import { needBytes } from '../partial-file.ts';

export class FileBytes implements AsyncDisposable {
  readonly size: number;
  readonly #file: FileHandle;
  readonly #path: string;

  private constructor(file: FileHandle, size: number, path: string) {
    this.#file = file;
    this.#path = path;
    this.size = size;
  }

  static async open(path: string): Promise<FileBytes> {
    const file = await open(path, 'r');
    return new FileBytes(file, (await file.stat()).size, path);
  }

  /** Fewer than `length` bytes at the end of the file, none beyond. */
  async at(position: number, length: number): Promise<Buffer> {
    await needBytes(this.#path, position, position + length);
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
