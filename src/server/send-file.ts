/** Sends the bytes of a file: whole, in ranges, or not at all when the client has them. */
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { MillError } from '../core/errors.ts';
import type { ByteRange } from '../storage/port.ts';
import { contentDisposition, isInline } from './content.ts';
import { entityTag, selectBytes } from './ranges.ts';

/** Even opened as a page of its own, a file can run nothing and reach nothing. */
const FILE_POLICY =
  "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

export interface FileToSend {
  name: string;
  media_type: string;
  size_bytes: number;
  modified_at: string;
  read(range?: ByteRange): Promise<Readable>;
}

export interface SendOptions {
  /** Offers a download even of media. */
  download?: boolean;
  /** Default `private, no-cache`: asked for anew each time, answered with 304. */
  cacheControl?: string;
}

export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: FileToSend,
  { download = false, cacheControl = 'private, no-cache' }: SendOptions = {},
): Promise<FastifyReply> {
  const { media_type: mediaType, size_bytes: size } = file;
  const selection = selectBytes(file, request.headers);
  reply
    .header('accept-ranges', 'bytes')
    .header('cache-control', cacheControl)
    .header('etag', entityTag(file))
    .header('last-modified', new Date(file.modified_at).toUTCString());
  if (selection.kind === 'not_modified') return reply.code(304).send();
  if (selection.kind === 'unsatisfiable') {
    reply.header('content-range', `bytes */${size}`);
    throw new MillError('range_not_satisfiable', `The file has ${size} bytes.`, {
      facts: { size_bytes: size },
    });
  }
  const range = selection.kind === 'part' ? selection.range : undefined;
  if (range) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${size}`);
  reply
    .type(mediaType)
    .header('content-length', range ? range.end - range.start + 1 : size)
    .header('content-disposition', contentDisposition(basename(file.name), !download && isInline(mediaType)))
    .header('content-security-policy', FILE_POLICY);
  if (request.method === 'HEAD') return reply.send();
  return reply.send(await file.read(range));
}
