/** A worker: takes jobs of the queue and runs them in job processes. */
import { availableParallelism } from 'node:os';
import type { JobRecord } from '../queue/port.ts';
import { composeCage } from './cage.ts';
import { composeDevices } from './devices.ts';
import type { Services } from './services.ts';

export interface RunningWorker {
  /** Takes no more jobs, gives the running ones `drain_seconds`, then returns them to the queue. */
  stop(): Promise<void>;
}

/** Starts to take jobs. */
export async function startWorker({
  config,
  queue,
  ledger,
  storage,
  registry,
  logger,
  observability,
}: Services): Promise<RunningWorker> {
  const [
    { startWorker: start },
    { claimOutputs, prepareJob },
    { workerId },
    { ANYBODY, callerOf, formerCaller },
  ] = await Promise.all([
    import('../runner/worker.ts'),
    import('../server/submit.ts'),
    import('../queue/worker-id.ts'),
    import('../auth/caller.ts'),
  ]);
  const [{ apiKeys }, { fileOwners }] = await Promise.all([
    import('../auth/keys.ts'),
    import('../auth/files.ts'),
  ]);
  const keys = apiKeys(ledger);
  const files = fileOwners(ledger);
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
    niceness: processing.nice,
    cage: await composeCage(config, true),
    devices: await composeDevices({ config, logger }),
    drainMs: processing.drain_seconds * 1000,
    pauseAfterFailures: processing.pause_after_failures,
    minFreeDiskBytes: processing.min_free_disk_bytes,
    minFreeMemoryBytes: processing.min_free_memory_bytes,
    network: { allow: [...config.network.allow] },
    observe: observability.runner,
    submit: async ({ chain_depth, origin, owner, ...submission }) => {
      const key = owner === null ? null : await keys.byId(owner);
      const caller = owner === null ? ANYBODY : key ? callerOf(key) : formerCaller(owner);
      const ports = { registry, storage, queue, attempts: config.queue.attempts, access: { caller, files } };
      const job = await prepareJob(ports, submission);
      await claimOutputs(ports, [job]);

      const [enqueued] = await queue.enqueue([{ ...job, chain_depth, ...(origin && { origin }) }]);
      return enqueued as JobRecord;
    },
  });
  logger.info({ worker: worker.id, concurrency: jobsAtATime }, 'taking jobs');
  return { stop: () => worker.stop() };
}

/** What a worker without a server answers to those who watch over it; null when no port is set. */
export async function startWorkerEndpoint(services: Services): Promise<{ close(): Promise<void> } | null> {
  const { config, queue, storage, logger, observability } = services;
  const { worker_host: host, worker_port: port } = config.monitoring;
  if (port === 0) return null;
  const { openWorkerEndpoint } = await import('../observability/worker-endpoint.ts');
  const check = async () => void (await Promise.all([queue.check(), storage.check()]));
  const endpoint = await openWorkerEndpoint({ host, port, metrics: observability.metrics, check });
  logger.info({ url: endpoint.url }, 'metrics and health are answered here');
  return endpoint;
}

/** Jobs at a time: as set, else one for every two cores, at least one. */
function concurrency(set: number): number {
  return set || Math.max(1, Math.floor(availableParallelism() / 2));
}
