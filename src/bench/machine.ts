/** What the figures were taken on. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export interface Machine {
  cpu: string;
  cores: number;
  memory_bytes: number;
  /** Processes that wanted a core over the last minute, before the measurement began: what else ran here. */
  load: number;
  platform: string;
  node: string;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown processor',
    cores: availableParallelism(),
    memory_bytes: totalmem(),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node,
  };
}

/** One line for people. */
export function describe({ cpu, cores, memory_bytes, load, node }: Machine): string {
  const memory = `${Math.round(memory_bytes / 1024 ** 3)} GiB`;
  return `${cpu}, ${cores} cores, ${memory}, Node ${node}, load ${load.toFixed(1)} when it began`;
}
