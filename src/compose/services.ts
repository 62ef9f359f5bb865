/** The parts that a server and a worker share: queue, ledger, storage, registry, log, observability. */
import { type Logger, pino } from 'pino';
import type { Config } from '../core/config.ts';
import type { LoadedConfig } from '../core/config-load.ts';
import type { Registry } from '../core/registry.ts';
import type { Ledger } from '../ledger/port.ts';
import type { Observability } from '../observability/observability.ts';
import type { Queue } from '../queue/port.ts';
import { keepRetention, policyOf } from '../queue/retention.ts';
import type { Storage } from '../storage/port.ts';
import { openLedger } from './ledger.ts';
import { composeRegistry } from './registry.ts';

export interface Services extends AsyncDisposable {
  config: Config;
  /** Where each setting came from, by dotted key. */
  origins: LoadedConfig['origins'];
  queue: Queue;
  /** Keys, sessions, owners of files, deliveries of webhooks. */
  ledger: Ledger;
  storage: Storage;
  registry: Registry;
  logger: Logger;
  observability: Observability;
  version: string;
}

export interface ComposeOptions {
  version: string;
  /** No log at all, for commands that only look. */
  quiet?: boolean;
}

/** Opens queue and storage. Throws `invalid_config`, `queue_unavailable`, `storage_unavailable`. */
export async function composeServices(
  { config, origins }: LoadedConfig,
  { version, quiet = false }: ComposeOptions,
): Promise<Services> {
  const { openStorage } = await import('../storage/open.ts');
  const storage = await openStorage(config.storage);
  const logger = await composeLogger(config, quiet);
  const queue = await openQueue(config, logger);
  const ledger = await openLedger(config);
  const { openObservability } = await import('../observability/observability.ts');
  const observability = await openObservability(config, version);
  const retention = quiet ? null : keepRetention(queue, policyOf(config.queue), tellOf(logger));
  return {
    config,
    origins,
    queue,
    ledger,
    storage: observability.meter(storage),
    registry: await composeRegistry(),
    logger,
    observability,
    version,
    async [Symbol.asyncDispose]() {
      await retention?.stop();
      await queue.close();
      await ledger.close();
      await observability[Symbol.asyncDispose]();
    },
  };
}

/** What becomes of ended jobs that are forgotten is for the log only. */
function tellOf(logger: Logger) {
  return {
    forgot: (jobs: number) => logger.info({ jobs }, 'forgot ended jobs'),
    failed: (error: unknown) => logger.warn({ err: error }, 'ended jobs cannot be forgotten'),
  };
}

async function openQueue({ queue, redis }: Config, logger: Logger): Promise<Queue> {
  const { attempts } = queue;
  if (queue.backend === 'redis') {
    const { default: openBullmqQueue } = await import('../queue/drivers/bullmq.ts');
    const warn = (sentence: string): void => logger.warn(sentence);
    return openBullmqQueue({ url: redis.url, queueName: redis.queue_name, attempts, warn });
  }
  const { default: openSqliteQueue } = await import('../queue/drivers/sqlite.ts');
  return openSqliteQueue({ database: queue.database, attempts });
}

async function composeLogger({ logging }: Config, quiet: boolean): Promise<Logger> {
  const level = quiet ? 'silent' : logging.level;
  const forPeople = logging.format === 'pretty' || (logging.format === 'auto' && process.stdout.isTTY);
  if (!forPeople) return pino({ level });
  const { default: pretty } = await import('pino-pretty');
  const lines = pretty({
    colorize: process.stdout.hasColors?.() ?? false,
    ignore: 'pid,hostname',
    sync: true,
  });
  return pino({ level }, lines);
}
