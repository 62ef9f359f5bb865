import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { Registry as MetricsRegistry } from 'prom-client';
import { z } from 'zod';
import { describeTasks } from '../../core/registry.ts';
import { queueOf } from '../auth/own-queue.ts';
import type { App, Context } from '../context.ts';
import { cpuMeter } from '../cpu-meter.ts';
import { countsSchema, failures, pauseSchema, tasksSchema } from '../schemas.ts';

const statsSchema = z.object({
  version: z.string(),
  started_at: z.string().meta({ format: 'date-time' }),
  uptime_seconds: z.number(),
  queue: pauseSchema,
  jobs: countsSchema,
  workers: z.object({
    count: z.number(),
    busy: z.number().describe('Jobs that run now.'),
    concurrency: z.number().describe('Jobs that can run at a time.'),
  }),
  machine: z.object({
    cpus: z.number(),
    cpu_percent: z.number().nullable().describe('Of all processors since the last request; null at first.'),
    load_average: z.array(z.number()).describe('Over 1, 5 and 15 minutes.'),
    memory_total_bytes: z.number(),
    memory_free_bytes: z.number(),
    process_memory_bytes: z.number().describe('Resident memory of this process.'),
  }),
  storage: z.object({ free_bytes: z.number().nullable() }),
});

export function systemRoutes(app: App, context: Context, metrics: MetricsRegistry): void {
  const { queue, storage, registry, version, startedAt } = context;
  const tasks = describeTasks(registry);
  const cpuPercent = cpuMeter();
  const tags = ['System'];

  app.get(
    '/api/tasks',
    {
      schema: {
        tags,
        summary: 'What can be done, with the JSON Schema of the params',
        response: { 200: tasksSchema, ...failures },
      },
    },
    async () => tasks,
  );

  app.get(
    '/api/stats',
    { schema: { tags, summary: 'How busy it is', response: { 200: statsSchema, ...failures } } },
    async ({ caller }) => {
      const [pause, jobs, workers, free_bytes] = await Promise.all([
        queue.pauseState(),
        queueOf(queue, caller).counts(),
        queue.workers(),
        storage.freeBytes(),
      ]);
      return {
        version,
        started_at: startedAt.toISOString(),
        uptime_seconds: Math.round(process.uptime()),
        queue: pause,
        jobs,
        workers: {
          count: workers.length,
          busy: workers.reduce((sum, worker) => sum + (worker.busy ?? worker.jobs.length), 0),
          concurrency: workers.reduce((sum, worker) => sum + worker.concurrency, 0),
        },
        machine: {
          cpus: availableParallelism(),
          cpu_percent: cpuPercent(),
          load_average: loadavg(),
          memory_total_bytes: totalmem(),
          memory_free_bytes: freemem(),
          process_memory_bytes: process.memoryUsage.rss(),
        },
        storage: { free_bytes },
      };
    },
  );

  app.get(
    '/metrics',
    {
      schema: {
        tags,
        summary: 'Metrics for Prometheus',
        produces: ['text/plain'],
        response: {
          200: { description: 'Text format 0.0.4', content: { 'text/plain': { schema: z.string() } } },
          ...failures,
        },
      },
    },
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  );

  app.get(
    '/healthz',
    {
      schema: {
        tags,
        summary: 'The process answers',
        response: { 200: z.object({ status: z.literal('ok'), version: z.string() }) },
      },
    },
    async () => ({ status: 'ok' as const, version }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'Queue and storage work',
        response: { 200: z.object({ status: z.literal('ready') }), ...failures },
      },
    },
    async () => {
      await Promise.all([queue.check(), storage.check()]);
      return { status: 'ready' as const };
    },
  );

  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
