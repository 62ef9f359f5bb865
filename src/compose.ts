/**
 * The composition root: chooses drivers, wires the parts, and hands them to the command line. Parts are imported
 * when they are needed, so that `mediamill run` does not wait for the HTTP server.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Logger, pino } from 'pino';
import type { Config } from './core/config.ts';
import type { LoadedConfig } from './core/config-load.ts';
import { MillError } from './core/errors.ts';
import type { Progress } from './core/plan.ts';
import { createRegistry, type Registry } from './core/registry.ts';
import type { JobRecord, JobResult, Queue } from './queue/port.ts';
import type { Storage } from './storage/port.ts';

export interface Services extends AsyncDisposable {
  config: Config;
  queue: Queue;
  storage: Storage;
  registry: Registry;
  logger: Logger;
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
  refuseMissingDrivers(config, origins);
  const { default: openLocalStorage } = await import('./storage/drivers/local.ts');
  const storage = await openLocalStorage({
    inputRoot: config.storage.input_path,
    outputRoot: config.storage.output_path,
  });
  const logger = await composeLogger(config, quiet);
  const queue = await openQueue(config, logger);
  return {
    config,
    queue,
    storage,
    registry: await composeRegistry(),
    logger,
    version,
    [Symbol.asyncDispose]: () => queue.close(),
  };
}

async function openQueue({ queue, redis }: Config, logger: Logger): Promise<Queue> {
  const { attempts } = queue;
  if (queue.backend === 'redis') {
    const { default: openBullmqQueue } = await import('./queue/drivers/bullmq.ts');
    const warn = (sentence: string): void => logger.warn(sentence);
    return openBullmqQueue({ url: redis.url, queueName: redis.queue_name, attempts, warn });
  }
  const { default: openSqliteQueue } = await import('./queue/drivers/sqlite.ts');
  return openSqliteQueue({ database: queue.database, attempts });
}

/** These are settings already; their drivers come with a later version. */
function refuseMissingDrivers({ storage }: Config, origins: LoadedConfig['origins']): void {
  if (storage.type !== 's3') return;
  const key = 'storage.type';
  const source = {
    flag: 'a flag',
    environment: 'the environment',
    file: 'the file',
    default: 'the defaults',
  };
  throw new MillError(
    'invalid_config',
    `[storage] type = "s3" (from ${source[origins[key] ?? 'default']}) is not available in this version; it comes with a later one. Use "local".`,
    { facts: { key } },
  );
}

async function composeRegistry(): Promise<Registry> {
  const { jobs } = await import('./jobs/index.gen.ts');
  return createRegistry(jobs);
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

export interface RunningServer {
  /** Where it answers, with the port that was taken. */
  url: string;
  /** Stops accepting, ends event streams, waits for requests. */
  close(): Promise<void>;
}

/** Listens. Throws `invalid_config` when the address cannot be had. */
export async function startServer(services: Services): Promise<RunningServer> {
  const { createApp } = await import('./server/app.ts');
  const app = createApp(services);
  const { host, port } = services.config.server;
  if (!isLoopback(host)) {
    services.logger.warn(
      `listening on ${host}: whoever reaches this port can run jobs and read all files of the storage`,
    );
  }
  try {
    const url = await app.listen({ host, port });
    return { url, close: () => app.close() };
  } catch (error) {
    await app.close();
    throw addressTrouble(error, host, port);
  }
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

/** The OpenAPI document, without a server, a queue or a storage behind it. */
export async function openApiDocument(version: string): Promise<unknown> {
  const [{ createApp }, { loadConfig }] = await Promise.all([
    import('./server/app.ts'),
    import('./core/config-load.ts'),
  ]);
  const app = createApp({
    queue: absent<Queue>('queue'),
    storage: absent<Storage>('storage'),
    registry: await composeRegistry(),
    config: loadConfig({}).config,
    version,
  });
  try {
    await app.ready();
    return app.swagger();
  } finally {
    await app.close();
  }
}

/** Stands for a part that is only described, never used. */
function absent<T extends object>(name: string): T {
  return new Proxy({} as T, {
    get(_, property) {
      throw new MillError('internal', `The ${name} was asked for ${String(property)} without being there.`);
    },
  });
}

/** What FFmpeg can do on this machine. */
export interface EngineReport {
  ffmpeg_version?: string;
  encoders?: { name: string; works: boolean; reason?: string | null }[];
  /** Why there is nothing to report. */
  problem?: string;
}

/** Encoders are tried one by one, hardware among them; a driver that hangs must not hang the caller. */
const INSPECTION_MS = 60_000;

/** Looks in a process of its own: a broken graphics driver ends that process, not this one. */
export async function inspectEngine(): Promise<EngineReport> {
  const own = new URL(import.meta.url);
  const entry = fileURLToPath(new URL(`./engine/inspect-main${extname(own.pathname)}`, own));
  if (!existsSync(entry)) return { problem: 'this installation is incomplete: the inspection is missing' };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [entry], {
      timeout: INSPECTION_MS,
      killSignal: 'SIGKILL',
    });
    return JSON.parse(stdout) as EngineReport;
  } catch (error) {
    const { killed, signal, stderr } = error as { killed?: boolean; signal?: string; stderr?: string };
    if (killed) return { problem: `the inspection did not end within ${INSPECTION_MS / 1000} s` };
    const why = stderr?.split('\n').find((line) => /^\S*Error\b/.test(line));
    return { problem: signal ? `the inspection was ended by ${signal}` : (why ?? String(error)) };
  }
}

export interface RunningWorker {
  /** Takes no more jobs, gives the running ones `drain_seconds`, then returns them to the queue. */
  stop(): Promise<void>;
}

/** Starts to take jobs. */
export async function startWorker({
  config,
  queue,
  storage,
  registry,
  logger,
}: Services): Promise<RunningWorker> {
  const [{ startWorker: start }, { prepareJob }, { workerId }] = await Promise.all([
    import('./runner/worker.ts'),
    import('./server/submit.ts'),
    import('./queue/worker-id.ts'),
  ]);
  const { processing } = config;
  const jobsAtATime = concurrency(processing.max_workers);
  const worker = start({
    id: workerId(),
    queue,
    storage,
    registry,
    logger,
    concurrency: jobsAtATime,
    leaseMs: config.queue.lease_seconds * 1000,
    timeoutMs: processing.timeout_seconds * 1000,
    memoryLimitBytes: processing.memory_limit_bytes,
    jobsPerChild: processing.jobs_per_child,
    drainMs: processing.drain_seconds * 1000,
    network: { allow: [...config.network.allow] },
    submit: async ({ chain_depth, ...submission }) => {
      const job = await prepareJob({ registry, storage, queue, attempts: config.queue.attempts }, submission);
      const [enqueued] = await queue.enqueue([{ ...job, chain_depth }]);
      return enqueued as JobRecord;
    },
  });
  logger.info({ worker: worker.id, concurrency: jobsAtATime }, 'taking jobs');
  return { stop: () => worker.stop() };
}

export interface HereRequest {
  task: string;
  input_path: string | null;
  output_path: string | null;
  params: Record<string, unknown>;
}

export interface HereOptions {
  config: Config;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** One job on the caller's own files, in a job process but without queue and storage. Throws what it fails with. */
export async function runHere(request: HereRequest, { config, ...options }: HereOptions): Promise<JobResult> {
  const [{ runOnce }, registry] = await Promise.all([import('./runner/run-once.ts'), composeRegistry()]);
  const { processing, network } = config;
  return runOnce({
    ...options,
    registry,
    task: request.task,
    params: request.params,
    input: request.input_path,
    output: request.output_path,
    timeoutMs: processing.timeout_seconds * 1000,
    memoryLimitBytes: processing.memory_limit_bytes,
    network: { allow: [...network.allow] },
  });
}

/** Jobs at a time: as set, else one for every two cores, at least one. */
function concurrency(set: number): number {
  return set || Math.max(1, Math.floor(availableParallelism() / 2));
}
