/** The metrics of one process: what it is, what it does with its jobs, how its storage answers. */
import { collectDefaultMetrics, Gauge, Registry as MetricsRegistry } from 'prom-client';

/** Default metrics of the process (memory, processor time, event-loop lag, garbage collection), and the version. */
export function createMetrics(version: string): MetricsRegistry {
  const metrics = new MetricsRegistry();
  collectDefaultMetrics({ register: metrics, prefix: 'mediamill_' });
  new Gauge({
    name: 'mediamill_info',
    help: 'Always 1; the version is a label.',
    labelNames: ['version'],
    registers: [metrics],
  }).set({ version }, 1);
  return metrics;
}
