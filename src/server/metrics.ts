/** Prometheus metrics of a server: its requests, and what the queue holds. What jobs cost is counted by workers. */
import { Gauge, Histogram, type Registry as MetricsRegistry } from 'prom-client';
import { createMetrics } from '../observability/metrics.ts';
import { JOB_STATUSES } from '../queue/port.ts';
import type { App, Context } from './context.ts';

const DURATION_BUCKETS_S = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600];

/** Adds to the metrics of the process; without any, to new ones. */
export function addMetrics(
  app: App,
  context: Context,
  metrics: MetricsRegistry = createMetrics(context.version),
): MetricsRegistry {
  const read = queueReader(metrics);
  addQueueMetrics(metrics, context, read);
  addReportedMetrics(metrics, context, read);

  const durations = new Histogram({
    name: 'mediamill_http_request_duration_seconds',
    help: 'Time from the header of a request to the end of its answer; event streams left out.',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS_S,
    registers: [metrics],
  });
  app.addHook('onResponse', async (request, reply) => {
    // The route's pattern, not the address: addresses are without number.
    const route = request.routeOptions.url ?? 'none';
    if (route.endsWith('/events')) return;
    durations.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  });
  return metrics;
}

/** Fills a gauge from the queue; while the queue is away the gauge is absent, and everything else is still told. */
type ReadQueue = (gauge: Gauge, fill: () => Promise<void>) => Promise<void>;

function queueReader(metrics: MetricsRegistry): ReadQueue {
  const up = new Gauge({
    name: 'mediamill_queue_up',
    help: '1 when the queue answered the last time it was asked for these metrics, else 0.',
    registers: [metrics],
  });
  return async (gauge, fill) => {
    gauge.reset();
    try {
      await fill();
      up.set(1);
    } catch {
      gauge.reset();
      up.set(0);
    }
  };
}

function addQueueMetrics(metrics: MetricsRegistry, { queue, registry }: Context, read: ReadQueue): void {
  new Gauge({
    name: 'mediamill_jobs',
    help: 'Jobs by task and status.',
    labelNames: ['task', 'status'],
    registers: [metrics],
    collect() {
      return read(this, async () => {
        const counts = await Promise.all(
          registry.jobs.map(async ({ name }) => [name, await queue.counts({ task: name })] as const),
        );
        for (const [task, byStatus] of counts) {
          for (const status of JOB_STATUSES) this.set({ task, status }, byStatus[status]);
        }
      });
    },
  });

  new Gauge({
    name: 'mediamill_queue_paused',
    help: '1 while the queue is paused and starts nothing, else 0.',
    registers: [metrics],
    collect() {
      return read(this, async () => this.set((await queue.pauseState()).paused ? 1 : 0));
    },
  });

  new Gauge({
    name: 'mediamill_worker_slots',
    help: 'Jobs that run and jobs that could run at a time, over all workers.',
    labelNames: ['state'],
    registers: [metrics],
    collect() {
      return read(this, async () => {
        const workers = await queue.workers();
        this.set({ state: 'busy' }, sum(workers.map(({ busy, jobs }) => busy ?? jobs.length)));
        this.set({ state: 'all' }, sum(workers.map(({ concurrency }) => concurrency)));
      });
    },
  });

  new Gauge({
    name: 'mediamill_workers',
    help: 'Workers that are alive, by state.',
    labelNames: ['state'],
    registers: [metrics],
    collect() {
      return read(this, async () => {
        const workers = await queue.workers();
        for (const state of ['running', 'paused', 'draining'] as const) {
          this.set({ state }, workers.filter((worker) => worker.state === state).length);
        }
      });
    },
  });
}

/** Reports are read off soon after they were made; jobs older than these are history. */
const REPORTED_JOBS = 200;

function addReportedMetrics(metrics: MetricsRegistry, { queue }: Context, read: ReadQueue): void {
  new Gauge({
    name: 'mediamill_reported_metric',
    help: `Numbers stored by report_metrics with one of the ${REPORTED_JOBS} newest jobs.`,
    labelNames: ['job_id', 'task', 'metric'],
    registers: [metrics],
    collect() {
      return read(this, async () => {
        const { jobs } = await queue.list({ limit: REPORTED_JOBS });
        for (const { id, task, reported_metrics } of jobs) {
          for (const [metric, value] of Object.entries(reported_metrics))
            this.set({ job_id: id, task, metric }, value);
        }
      });
    },
  });
}

const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
