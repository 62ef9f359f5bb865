/** The server: what it is made of, and whether it may be reached by others. */
import { MillError } from '../core/errors.ts';
import { composeCage } from './cage.ts';
import { hiddenFolder } from './hidden-folder.ts';
import { encoderOptions, inspectEngine } from './inspect.ts';
import { composeRecipes } from './recipes.ts';
import type { Services } from './services.ts';

export interface RunningServer {
  /** Where it answers, with the port that was taken. */
  url: string;
  /** Stops accepting, ends event streams, waits for requests. */
  close(): Promise<void>;
}

/** Listens. Throws `invalid_config` when the address cannot be had. */
export async function startServer(services: Services): Promise<RunningServer> {
  const { createApp } = await import('../server/app.ts');
  const { metrics, requests: tracer } = services.observability;
  const dashboard = await composeDashboard(services);
  const previews = await composePreviews(services);
  const recipes = await composeRecipes(services);
  const partsFolder = hiddenFolder(services.config, 'input', 'uploads');
  const bucketOrigin = services.storage.direct?.origin;
  const machine = { inspect: inspectEngine, encoderOptions, origins: services.origins };
  const app = createApp({
    ...services,
    metrics,
    ...(tracer && { tracer }),
    dashboard,
    previews,
    recipes,
    machine,
    partsFolder,
    ...(bucketOrigin && { bucketOrigin }),
  });
  const { host, port } = services.config.server;
  if (!isLoopback(host)) await refuseOpenDoor(services);
  try {
    const url = await app.listen({ host, port });
    const dispatcher = await startWebhooks(services);
    return {
      url,
      async close() {
        await Promise.all([dispatcher.stop(), app.close()]);
      },
    };
  } catch (error) {
    await app.close();
    throw addressTrouble(error, host, port);
  }
}

/** A public address without keys is a mistake, unless somebody says that it is none. */
async function refuseOpenDoor({ config, ledger, logger }: Services): Promise<void> {
  const { apiKeys } = await import('../auth/keys.ts');
  if (await apiKeys(ledger).required()) return;
  const { host, insecure } = config.server;
  if (!insecure) {
    throw new MillError(
      'invalid_config',
      `${host} can be reached by others, and there are no API keys. Make one with \`mediamill keys create --name NAME --scope admin\`, or say --insecure ([server] insecure = true) where the network is closed.`,
      { facts: { key: 'server.host' } },
    );
  }
  logger.warn(
    `listening on ${host}: whoever reaches this port can run jobs and read all files of the storage`,
  );
}

async function startWebhooks({ config, queue, ledger, logger, version }: Services) {
  const [{ startDispatcher }, { deliveries }, { apiKeys }] = await Promise.all([
    import('../webhooks/dispatcher.ts'),
    import('../webhooks/deliveries.ts'),
    import('../auth/keys.ts'),
  ]);
  const { allow } = config.network;
  return startDispatcher({
    queue,
    deliveries: deliveries(ledger),
    keys: apiKeys(ledger),
    allow,
    version,
    logger,
  });
}

/** In processes of their own, so that also a server without workers shows pictures. */
async function composePreviews({ config, storage, logger }: Services) {
  const { openPreviews } = await import('../previews/service.ts');
  const { preview_cache_path: path, preview_cache_bytes: maxBytes } = config.storage;
  return openPreviews({
    storage,
    folder: path || hiddenFolder(config, 'output', 'previews'),
    maxBytes,
    memoryLimitBytes: config.processing.memory_limit_bytes,
    cage: await composeCage(config, true),
    warn: (facts, text) => logger.warn(facts, text),
  });
}

/** BullMQ's dashboard, when it is asked for. Throws `invalid_config` when the queue is not BullMQ's. */
async function composeDashboard({ config, queue }: Services) {
  if (!config.monitoring.bull_board) return undefined;
  if (config.queue.backend !== 'redis') {
    throw new MillError(
      'invalid_config',
      '[monitoring] bull_board is the dashboard of a queue on Redis, and this queue is embedded. Set [queue] backend = "redis", or bull_board = false.',
      { facts: { key: 'monitoring.bull_board' } },
    );
  }
  const { dashboard } = await import('../server/bull-board.ts');
  return dashboard({ url: config.redis.url, queueName: config.redis.queue_name, queue });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function addressTrouble(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const why = {
    EADDRINUSE: `Port ${port} on ${host} is taken, perhaps by another Media Mill. Stop it, or choose another with --port.`,
    EACCES: `Port ${port} may not be used by this user. Choose one above 1023 with --port.`,
    EADDRNOTAVAIL: `${host} is no address of this machine. Choose another with --host.`,
    ENOTFOUND: `${host} is no address of this machine. Choose another with --host.`,
  }[code ?? ''];
  return why ? new MillError('invalid_config', why, { cause: error }) : error;
}
