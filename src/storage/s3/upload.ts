/** Stores a stream under a generated name. The name needs the content's type, so the beginning is looked at first. */

import { randomUUID } from 'node:crypto';
import { PassThrough, type Readable } from 'node:stream';
import { receive } from '../local/receive.ts';
import { Meter } from '../meter.ts';
import type { Upload, UploadOptions } from '../port.ts';
import { pathOf } from '../reference.ts';
import { HEAD_BYTES, sniffHead } from '../sniff.ts';
import type { Connection } from './connection.ts';
import { s3Fault } from './faults.ts';
import type { Keys } from './keys.ts';
import { nameMetadata } from './original-name.ts';
import { cut, type PutOptions, putObject } from './put.ts';

export async function uploadTo(
  connection: Connection,
  keys: Keys,
  content: Readable,
  { maxBytes, originalName, signal }: UploadOptions,
): Promise<Upload> {
  const id = randomUUID();
  const { original_name, metadata } = nameMetadata(originalName);
  const meter = new Meter(maxBytes);
  const received = new PassThrough({ highWaterMark: HEAD_BYTES });
  const broken = new AbortController();
  const either = signal ? AbortSignal.any([signal, broken.signal]) : broken.signal;
  const storing = store(connection, keys, id, received, { atMost: maxBytes, metadata, signal: either });
  // It may fail while the other end still sends; that end is then stopped with the same reason.
  storing.catch((error: unknown) => received.destroy(s3Fault(error, signal)));
  try {
    await receive(content, meter, received, signal);
    const filename = await storing;
    const path = pathOf({ area: 'input', segments: [filename] });
    return { file_id: id, filename, path, size_bytes: meter.bytes, sha256: meter.sha256(), original_name };
  } catch (error) {
    content.destroy();
    const fault = s3Fault(error, signal);
    broken.abort(fault);
    // Its parts are taken back before this answers.
    await storing.catch(() => {});
    throw fault;
  }
}

async function store(
  connection: Connection,
  keys: Keys,
  id: string,
  content: Readable,
  options: PutOptions,
): Promise<string> {
  const pieces = cut(content as AsyncIterable<Buffer>, HEAD_BYTES);
  const head = (await pieces.next()).value ?? Buffer.alloc(0);
  const filename = id + (await sniffHead(head));
  const key = keys.of({ area: 'input', segments: [filename] });
  await putObject(connection, key, follow(head, pieces), options);
  return filename;
}

async function* follow(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* rest;
}
