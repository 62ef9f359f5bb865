import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { MillError } from '../core/errors.ts';

/** Passes bytes on, hashes and counts them, and breaks off with `payload_too_large` above the limit. */
export class Meter extends Transform {
  readonly #hash = createHash('sha256');
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    super();
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Lower-case hex; once, after the end. */
  sha256(): string {
    return this.#hash.digest('hex');
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) {
      done(tooLarge(this.#maxBytes));
      return;
    }
    this.#hash.update(chunk);
    done(null, chunk);
  }
}

export function tooLarge(maxBytes: number): MillError {
  return new MillError('payload_too_large', `The file is larger than the ${maxBytes} bytes allowed here.`, {
    facts: { limit_bytes: maxBytes },
  });
}
