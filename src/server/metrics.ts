/** Prometheus metrics: the process, the requests, the queue. */
import { collectDefaultMetrics, Gauge, Histogram, Registry as MetricsRegistry } from 'prom-client';
import { JOB_STATUSES } from '../queue/port.ts';
import type { App, Context } from './context.ts';

const DURATION_BUCKETS_S = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600];

export function addMetrics(app: App, context: Context): MetricsRegistry {
  const metrics = new MetricsRegistry();
  collectDefaultMetrics({ register: metrics, prefix: 'mediamill_' });
  addQueueMetrics(metrics, context);
  addReportedMetrics(metrics, context);

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

function addQueueMetrics(metrics: MetricsRegistry, { queue, registry, version }: Context): void {
  new Gauge({
    name: 'mediamill_info',
    help: 'Always 1; the version is a label.',
    labelNames: ['version'],
    registers: [metrics],
  }).set({ version }, 1);

  new Gauge({
    name: 'mediamill_jobs',
    help: 'Jobs by task and status.',
    labelNames: ['task', 'status'],
    registers: [metrics],
    async collect() {
      const counts = await Promise.all(
        registry.jobs.map(async ({ name }) => [name, await queue.counts({ task: name })] as const),
      );
      this.reset();
      for (const [task, byStatus] of counts) {
        for (const status of JOB_STATUSES) this.set({ task, status }, byStatus[status]);
      }
    },
  });

  new Gauge({
    name: 'mediamill_worker_slots',
    help: 'Jobs that run and jobs that could run at a time, over all workers.',
    labelNames: ['state'],
    registers: [metrics],
    async collect() {
      const workers = await queue.workers();
      this.set({ state: 'busy' }, sum(workers.map(({ jobs }) => jobs.length)));
      this.set({ state: 'all' }, sum(workers.map(({ concurrency }) => concurrency)));
    },
  });

  new Gauge({
    name: 'mediamill_workers',
    help: 'Workers that are alive.',
    registers: [metrics],
    async collect() {
      this.set((await queue.workers()).length);
    },
  });
}

/** Reports are read off soon after they were made; jobs older than these are history. */
const REPORTED_JOBS = 200;

function addReportedMetrics(metrics: MetricsRegistry, { queue }: Context): void {
  new Gauge({
    name: 'mediamill_reported_metric',
    help: `Numbers stored by report_metrics with one of the ${REPORTED_JOBS} newest jobs.`,
    labelNames: ['job_id', 'task', 'metric'],
    registers: [metrics],
    async collect() {
      this.reset();
      const { jobs } = await queue.list({ limit: REPORTED_JOBS });
      for (const { id, task, reported_metrics } of jobs) {
        for (const [metric, value] of Object.entries(reported_metrics))
          this.set({ job_id: id, task, metric }, value);
      }
    },
  });
}

const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
