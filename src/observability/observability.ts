/** What is known of a process from outside: its metrics always, its traces where an endpoint is configured. */
import { hostname } from 'node:os';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { Config } from '../core/config.ts';
import { observers, type RunnerObserver } from '../runner/observer.ts';
import type { RequestTracer } from '../server/request-tracer.ts';
import type { Storage } from '../storage/port.ts';
import { observeJobs } from './job-metrics.ts';
import { createMetrics } from './metrics.ts';
import { meterStorage } from './storage-metrics.ts';

export interface Observability extends AsyncDisposable {
  metrics: MetricsRegistry;
  /** Undefined without traces. */
  requests: RequestTracer | undefined;
  runner: RunnerObserver;
  /** The same storage, with its errors counted. */
  meter<S extends Storage>(storage: S): S;
}

export async function openObservability(
  { monitoring }: Pick<Config, 'monitoring'>,
  version: string,
): Promise<Observability> {
  const metrics = createMetrics(version);
  const jobs = observeJobs(metrics);
  const tracing = await openTraces(monitoring.otlp_endpoint, version);
  return {
    metrics,
    requests: tracing?.requests,
    runner: tracing ? observers([jobs, tracing.runner]) : observers([jobs]),
    meter: (storage) => meterStorage(storage, metrics),
    [Symbol.asyncDispose]: async () => tracing?.[Symbol.asyncDispose](),
  };
}

/** The packages behind it take 60 ms to load: only where they are needed. */
async function openTraces(endpoint: string, version: string) {
  if (endpoint === '') return undefined;
  const { default: openTracing } = await import('./tracing.ts');
  return openTracing({ endpoint, version, instance: `${hostname()}-${process.pid}` });
}
