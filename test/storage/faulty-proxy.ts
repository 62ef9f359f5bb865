/** Stands between a client and a real S3 server, and breaks what a test wants broken. Counts what passes. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Fault =
  /** Answers by itself, with an error as S3 words it. */
  | { kind: 'status'; status: number; code: string }
  /** Never answers. */
  | { kind: 'hang' }
  /** Ends the connection, at once or after so many bytes of the body of the answer. */
  | { kind: 'cut'; after?: number }
  /** Sends so many bytes of the body, then nothing more. */
  | { kind: 'stall'; after: number }
  /** Waits before every piece of the body. */
  | { kind: 'slow'; pauseMs: number };

export interface PassedRequest {
  method: string;
  /** Path and query, decoded. */
  url: string;
  /** How many came before this one, since the last `reset`. */
  number: number;
}

export interface FaultyProxy extends AsyncDisposable {
  endpoint: string;
  /** What to do with a request; null passes it on. Default: everything passes. */
  breaks(fault: (request: PassedRequest) => Fault | null): void;
  requests: PassedRequest[];
  /** Bytes of bodies that went to the client. */
  bytesDown: number;
  reset(): void;
}

export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let choose: (request: PassedRequest) => Fault | null = () => null;

  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url: raw = '/' } = incoming;
    const passed = { method, url: decodeURIComponent(raw), number: proxy.requests.length };
    proxy.requests.push(passed);
    const fault = choose(passed);
    outgoing.on('error', () => {});
    incoming.on('error', () => {});
    if (fault?.kind === 'status') return answer(outgoing, incoming, fault.status, fault.code);
    if (fault?.kind === 'hang') return void incoming.resume();
    if (fault?.kind === 'cut' && fault.after === undefined) return void incoming.socket.destroy();
    // Not parsed anew: the signature covers the headers as they are.
    const onward = request({ hostname, port, method, path: raw, headers: incoming.headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      void send(response, outgoing, incoming.socket, fault);
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.pipe(onward);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });

  async function send(
    response: IncomingMessage,
    outgoing: ServerResponse,
    socket: Socket,
    fault: Fault | null,
  ): Promise<void> {
    let sent = 0;
    const gone = once(outgoing, 'close');
    try {
      for await (const whole of response as AsyncIterable<Buffer>) {
        const limit =
          fault?.kind === 'cut' || fault?.kind === 'stall' ? (fault.after ?? 0) : Number.POSITIVE_INFINITY;
        const chunk = whole.subarray(0, Math.max(0, limit - sent));
        sent += chunk.length;
        proxy.bytesDown += chunk.length;
        if (!outgoing.write(chunk)) await Promise.race([once(outgoing, 'drain'), gone]);
        if (outgoing.destroyed) return void response.destroy();
        if (fault?.kind === 'slow') await sleep(fault.pauseMs);
        if (sent < limit) continue;
        if (fault?.kind === 'cut') socket.destroy();
        return; // Stalled: the end never comes.
      }
      outgoing.end();
    } catch {
      socket.destroy();
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: FaultyProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    bytesDown: 0,
    breaks(fault) {
      choose = fault;
    },
    reset() {
      choose = () => null;
      proxy.requests = [];
      proxy.bytesDown = 0;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

function answer(outgoing: ServerResponse, incoming: IncomingMessage, status: number, code: string): void {
  incoming.resume();
  incoming.once('end', () => {
    outgoing.writeHead(status, { 'content-type': 'application/xml' });
    outgoing.end(
      `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Broken on purpose</Message></Error>`,
    );
  });
}
