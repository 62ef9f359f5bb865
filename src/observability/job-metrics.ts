/** Numbers about the jobs that this process runs. Each is counted by the worker that did it, and by nobody else. */
import { Counter, Histogram, type Registry as MetricsRegistry } from 'prom-client';
import type { JobRecord, JobResult } from '../queue/port.ts';
import type { AttemptEnd, RunnerObserver } from '../runner/observer.ts';

const DURATION_BUCKETS_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];
const WAIT_BUCKETS_S = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 900, 3600, 14_400];
const FPS_BUCKETS = [1, 5, 10, 25, 50, 100, 200, 400, 800, 1600];
const MIB = 1024 ** 2;
const MEMORY_BUCKETS = [64, 128, 256, 512, 1024, 2048, 4096].map((mebibytes) => mebibytes * MIB);

export function observeJobs(metrics: MetricsRegistry): RunnerObserver {
  const registers = [metrics];
  const duration = new Histogram({
    name: 'mediamill_job_duration_seconds',
    help: 'Time from the claim of a job to the end of the attempt, by how it ended.',
    labelNames: ['task', 'status'],
    buckets: DURATION_BUCKETS_S,
    registers,
  });
  const wait = new Histogram({
    name: 'mediamill_job_queue_wait_seconds',
    help: 'Time from when a job could have been claimed to its claim.',
    labelNames: ['task'],
    buckets: WAIT_BUCKETS_S,
    registers,
  });
  const fps = new Histogram({
    name: 'mediamill_job_frames_per_second',
    help: 'Video frames per second of jobs that encode video.',
    labelNames: ['task'],
    buckets: FPS_BUCKETS,
    registers,
  });
  const memory = new Histogram({
    name: 'mediamill_job_peak_memory_bytes',
    help: 'Most resident memory of the job process while the job ran.',
    labelNames: ['task'],
    buckets: MEMORY_BUCKETS,
    registers,
  });
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers });
  const input = counter('mediamill_job_input_bytes_total', 'Bytes of the inputs of finished jobs.', ['task']);
  const output = counter('mediamill_job_output_bytes_total', 'Bytes that finished jobs published.', ['task']);
  const failures = counter('mediamill_job_failures_total', 'Attempts that failed, by code.', [
    'task',
    'code',
  ]);
  const expiries = counter(
    'mediamill_job_lease_expiries_total',
    'Attempts that were lost with their worker, counted by the worker that takes the job next.',
    ['task'],
  );
  const lost = counter(
    'mediamill_job_claims_lost_total',
    'Attempts that this worker gave up because another one had taken the job over.',
    ['task'],
  );
  const replacements = counter(
    'mediamill_child_replacements_total',
    'Job processes that were replaced, by reason.',
    ['reason'],
  );

  function measure(task: string, { metrics: made }: JobResult): void {
    input.inc({ task }, made.input_size_bytes);
    output.inc({ task }, made.output_size_bytes);
    const { frames = 0, run_ms = 0, peak_memory_bytes } = made;
    if (frames > 0 && run_ms > 0) fps.observe({ task }, frames / (run_ms / 1000));
    if (peak_memory_bytes !== undefined) memory.observe({ task }, peak_memory_bytes);
  }

  function end(task: string, ending: AttemptEnd): void {
    const canceled = ending.kind === 'failed' && ending.failure.code === 'canceled';
    const status = canceled ? 'canceled' : ending.kind;
    duration.observe({ task, status }, ending.durationMs / 1000);
    if (ending.kind === 'finished') measure(task, ending.result);
    if (ending.kind === 'failed' && !canceled) failures.inc({ task, code: ending.failure.code });
    if (ending.kind === 'lease_lost') lost.inc({ task });
  }

  return {
    attempt({ job }) {
      const { task } = job;
      const waited = waitOf(job);
      if (waited !== null) wait.observe({ task }, waited);
      if (lastWasLost(job)) expiries.inc({ task });
      const nothing = { past() {}, end() {} };
      return { begin: () => nothing, ended: (ending) => end(task, ending) };
    },
    childReplaced: (reason) => replacements.inc({ reason }),
  };
}

/** Seconds, both ends by the clock of the queue. */
function waitOf({ enqueued_at, started_at }: JobRecord): number | null {
  if (enqueued_at === null || started_at === null) return null;
  return Math.max(0, (Date.parse(started_at) - Date.parse(enqueued_at)) / 1000);
}

/** Did the attempt before this one end with its lease? */
function lastWasLost({ timeline }: JobRecord): boolean {
  const claims = timeline.flatMap(({ event }, index) => (event === 'claimed' ? [index] : []));
  const [previous = 0, present = timeline.length] = claims.slice(-2);
  return timeline.slice(previous, present).some(({ event }) => event === 'lease_expired');
}
