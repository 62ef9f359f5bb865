/** Counts how often the storage fails and how long it takes, whichever driver it is. */
import { Counter, Gauge, Histogram, type Registry as MetricsRegistry } from 'prom-client';
import { toMillError } from '../core/errors.ts';
import type { Storage } from '../storage/port.ts';

const BUCKETS_S = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300];
/** From this status on the machine is at fault, not who asked. */
const SERVER_FAULT = 500;

/** The same storage, watched. */
export function meterStorage<S extends Storage>(storage: S, metrics: MetricsRegistry): S {
  const errors = new Counter({
    name: 'mediamill_storage_errors_total',
    help: 'Operations of the storage that failed through no fault of the request, by code.',
    labelNames: ['operation', 'code'],
    registers: [metrics],
  });
  const durations = new Histogram({
    name: 'mediamill_storage_operation_duration_seconds',
    help: 'Time of the operations of the storage; a read ends with its first byte.',
    labelNames: ['operation'],
    buckets: BUCKETS_S,
    registers: [metrics],
  });
  new Gauge({
    name: 'mediamill_storage_free_bytes',
    help: 'Bytes free for outputs; absent where the storage cannot know.',
    registers: [metrics],
    async collect() {
      const free = await storage.freeBytes().catch(() => null);
      if (free === null) this.reset();
      else this.set(free);
    },
  });

  return new Proxy(storage, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || typeof name !== 'string') return value;
      return (...args: unknown[]) => {
        const answer: unknown = value.apply(target, args);
        if (answer instanceof Promise) void watch(name, answer);
        return answer;
      };
    },
  });

  async function watch(operation: string, answer: Promise<unknown>): Promise<void> {
    const stop = durations.startTimer({ operation });
    try {
      await answer;
    } catch (error) {
      const { code, status } = toMillError(error);
      if (status >= SERVER_FAULT) errors.inc({ operation, code });
    }
    stop();
  }
}
