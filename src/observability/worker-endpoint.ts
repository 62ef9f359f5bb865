/** What a worker without a server answers: its metrics and its health, to those who watch over it. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry as MetricsRegistry } from 'prom-client';
import { MillError, toMillError } from '../core/errors.ts';

export interface WorkerEndpointOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  metrics: MetricsRegistry;
  /** Throws when queue or storage do not work. */
  check(): Promise<void>;
}

export interface WorkerEndpoint {
  url: string;
  close(): Promise<void>;
}

/** `GET /metrics`, `/healthz` (the process answers), `/readyz` (queue and storage work). Throws `invalid_config`. */
export async function openWorkerEndpoint(options: WorkerEndpointOptions): Promise<WorkerEndpoint> {
  const { host, port, metrics, check } = options;
  const server = createServer(async (request, response) => {
    try {
      await answer(request.url ?? '', response);
    } catch (error) {
      const { status, code, message } = toMillError(error);
      send(response, status, JSON.stringify({ status, code, detail: message }));
    }
  });

  async function answer(address: string, response: ServerResponse): Promise<void> {
    switch (address.split('?')[0]) {
      case '/metrics':
        return send(response, 200, await metrics.metrics(), metrics.contentType);
      case '/healthz':
        return send(response, 200, JSON.stringify({ status: 'ok' }));
      case '/readyz':
        await check();
        return send(response, 200, JSON.stringify({ status: 'ready' }));
      default:
        throw new MillError('not_found', 'A worker answers /metrics, /healthz and /readyz.');
    }
  }

  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject).listen(port, host, listening.resolve);
  try {
    await listening.promise;
  } catch (error) {
    throw new MillError(
      'invalid_config',
      `The worker cannot answer on port ${port} of ${host} (${(error as NodeJS.ErrnoException).code}). Choose another in [monitoring] worker_port, or 0.`,
      { cause: error, facts: { key: 'monitoring.worker_port' } },
    );
  }
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    async close() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

function send(response: ServerResponse, status: number, body: string, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
