/**
 * What does the queue cost? Throughput, pickup and lists of the two drivers, beside BullMQ alone on the same Redis
 * with the same settings, in the same run. Prints tables, or JSON with `--json`.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { KINDS, type Kind } from './contestant.ts';
import { mib, short } from './figures.ts';
import { type Latency, listing, pickup } from './latency.ts';
import { type Fsync, type Member, startMember, startRedis } from './team.ts';
import { type Throughput, throughput } from './throughput.ts';

const HELP = `Usage: npm run bench:queue -- [options]

What the queue costs: jobs in and out per second, how soon an idle worker has a job, how long a page of many jobs
takes; both drivers, beside BullMQ alone on the same Redis. Needs redis-server, else only the embedded queue runs.

  --rounds N           rounds of the throughput, at least 5 for figures to keep   (default 5)
  --appendfsync MODE   always or everysec, for ours and for BullMQ alone          (default always)
  --jobs N             jobs behind the lists; 0 leaves lists out                  (default 100000)
  --pickups N          jobs for the pickup, each way; 0 leaves it out             (default 200)
  --scale X            share of the jobs of each throughput step; 0.1 is a look   (default 1)
  --only LIST          of ${KINDS.join(', ')}
  --folder PATH        where the files lie; the disk counts                       (default: the temporary folder)
  --json               JSON on standard output instead of tables
  --out FILE           JSON into this file as well
  --help

embedded: the queue in a file. redis: the queue of Media Mill on Redis. bullmq: BullMQ's own API without Media Mill,
with the same payload, ids, priorities, attempts and kept jobs. "claim + complete" is two steps for all of them;
"worker loop" is what each one's worker does (BullMQ's takes the next job in the step that completes the last).
`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    appendfsync: { type: 'string', default: 'always' },
    jobs: { type: 'string', default: '100000' },
    pickups: { type: 'string', default: '200' },
    scale: { type: 'string', default: '1' },
    only: { type: 'string', default: KINDS.join(',') },
    folder: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const folder = await mkdtemp(join(values.folder, 'mill-bench-queue-'));
const fsync = values.appendfsync as Fsync;
const redis = await startRedis(folder, fsync);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
if (redis === null) say('left out: redis-server is not installed; only the embedded queue runs');
const kinds = KINDS.filter((kind) => values.only.split(',').includes(kind)).filter(
  (kind) => kind === 'embedded' || redis !== null,
);
const place = (kind: Kind, name: string): string =>
  kind === 'embedded' ? join(folder, `${name}.db`) : `${redis?.url}#${kind}-${name}`;
const start = (kind: Kind, name: string): Promise<Member> => startMember(kind, place(kind, name));

const latencies: Latency[] = [];
const memory: Record<string, { process_peak: number; redis_bytes_per_job?: number }> = {};
let rates: Throughput[] = [];
try {
  const members = await Promise.all(kinds.map((kind) => start(kind, 'rates')));
  const rounds = Number(values.rounds);
  if (rounds > 0) {
    rates = await throughput({ members, redis, rounds, scale: Number(values.scale), say });
  }
  for (const member of members) {
    memory[member.kind] = { process_peak: await member.ask('memory') };
    await member.close();
  }
  for (const kind of kinds) {
    if (Number(values.pickups) === 0) break;
    say(`pickup: ${kind}`);
    const member = await start(kind, 'pickup');
    const sender = await start(kind, 'pickup');
    latencies.push(...(await pickup(member, sender, Number(values.pickups))));
    await member.close();
    await sender.close();
  }
  for (const kind of kinds) {
    const jobs = Number(values.jobs);
    if (jobs === 0) break;
    say(`lists of ${jobs} jobs: ${kind}`);
    const member = await start(kind, 'lists');
    const { latencies: found, bytes_per_job } = await listing(member, jobs, redis);
    latencies.push(...found);
    const process_peak = Math.max(memory[kind]?.process_peak ?? 0, await member.ask('memory'));
    memory[kind] = { process_peak, ...(bytes_per_job && { redis_bytes_per_job: Math.round(bytes_per_job) }) };
    await member.close();
  }
} finally {
  const used = await redis?.memory();
  const version = await redis?.version();
  await redis?.stop();
  await rm(folder, { recursive: true });
  const json = JSON.stringify(
    {
      cpu: cpus()[0]?.model,
      cores: availableParallelism(),
      node: process.version,
      redis: version ?? null,
      appendfsync: fsync,
      throughput: rates,
      latencies,
      memory,
      redis_peak_bytes: used?.peak ?? null,
    },
    null,
    2,
  );
  if (values.out) await writeFile(values.out, `${json}\n`);
  process.stdout.write(values.json ? `${json}\n` : tables(version, used?.peak));
}

function tables(version: string | undefined, peak: number | undefined): string {
  const style = { head: [], border: [] };
  const first = new Table({
    head: ['jobs per second', 'queue', 'median', 'to BullMQ', 'CPU process', 'CPU Redis'],
    style,
  });
  for (const rate of rates) {
    first.push([
      rate.step,
      rate.kind,
      short(rate.per_second),
      rate.ratio_to_bullmq === null ? '' : `× ${rate.ratio_to_bullmq.toFixed(2)}`,
      short(rate.process_us, 'µs/job'),
      rate.redis_us === null ? '' : short(rate.redis_us, 'µs/job'),
    ]);
  }
  const second = new Table({ head: ['milliseconds', 'queue', 'p50', 'p99', 'max', 'samples'], style });
  for (const { what, kind, p50, p99, max, samples } of latencies) {
    second.push([what, kind, short(p50), short(p99), short(max), samples]);
  }
  const third = new Table({ head: ['memory', 'peak of the process', 'in Redis per waiting job'], style });
  for (const [kind, { process_peak, redis_bytes_per_job }] of Object.entries(memory)) {
    third.push([kind, mib(process_peak), redis_bytes_per_job ? short(redis_bytes_per_job, 'bytes') : '']);
  }
  const about = `${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}, Redis ${version ?? '–'}, appendfsync ${fsync}`;
  return [about, first, second, third, peak ? `Peak of Redis: ${mib(peak)}` : '', ''].join('\n');
}
