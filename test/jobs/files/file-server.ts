/** A web server on 127.0.0.1 that does to a client what real ones do, and worse. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface FileServer {
  /** Such as `http://127.0.0.1:41231`. */
  origin: string;
  port: number;
  /** What was asked for, with the Range header where there was one. */
  requests: { path: string; range: string | null; ifRange: string | null }[];
}

/** Closed after the test, with all its connections. */
export async function fileServer(handler: Handler, host = '127.0.0.1'): Promise<FileServer> {
  const requests: FileServer['requests'] = [];
  const server = createServer((request, response) => {
    const { range = null, 'if-range': ifRange = null } = request.headers;
    requests.push({ path: request.url ?? '', range, ifRange: ifRange as string | null });
    response.on('error', () => {});
    handler(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, host, listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, port, requests };
}

export interface Served {
  body: Buffer;
  etag?: string;
  lastModified?: string;
  /** Bytes of each answer's body after which the connection is cut; undefined sends all. */
  cutAfter?: (number | undefined)[];
  ignoreRange?: boolean;
}

/** Serves one file with Range and If-Range as RFC 9110 has them, and cuts connections as told. */
export function serveFile(served: Served): Handler {
  let answer = 0;
  return (request, response) => {
    const { body, etag, lastModified, ignoreRange } = served;
    const cut = served.cutAfter?.[answer];
    answer += 1;
    const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const condition = request.headers['if-range'];
    const holds = condition === undefined || condition === etag || condition === lastModified;
    const start = asked && holds && !ignoreRange ? Number(asked[1]) : 0;
    if (etag) response.setHeader('etag', etag);
    if (lastModified) response.setHeader('last-modified', lastModified);
    if (start >= body.length && start > 0) {
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
      return;
    }
    if (start > 0) response.setHeader('content-range', `bytes ${start}-${body.length - 1}/${body.length}`);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': body.length - start,
      'content-type': 'video/mp4',
    });
    if (cut === undefined) {
      response.end(body.subarray(start));
      return;
    }
    response.write(body.subarray(start, start + cut), () => setTimeout(() => response.destroy(), 20));
  };
}
