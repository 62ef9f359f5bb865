import { cpus } from 'node:os';

/** Share of processor time that was not idle between two calls; null at first. */
export function cpuMeter(): () => number | null {
  const read = () => {
    let idle = 0;
    let all = 0;
    for (const { times } of cpus()) {
      idle += times.idle;
      all += times.idle + times.user + times.sys + times.nice + times.irq;
    }
    return { idle, all };
  };
  let last: ReturnType<typeof read> | null = null;
  return () => {
    const now = read();
    const before = last;
    if (before && now.all === before.all) return null;
    last = now;
    return before && Math.round(1000 * (1 - (now.idle - before.idle) / (now.all - before.all))) / 10;
  };
}
