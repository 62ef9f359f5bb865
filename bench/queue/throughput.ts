/** Jobs in and out per second: the same steps for every contestant in turn, round after round. */
import type { Kind } from './contestant.ts';
import { median } from './figures.ts';
import type { Spent } from './member.ts';
import type { Member, RedisUnderTest } from './team.ts';

type Step = { name: string; jobs: number; run: (member: Member, jobs: number) => Promise<Spent> };

const enqueue = (batch: number, inFlight = 1): Step['run'] => {
  return (member, count) => member.ask('enqueue', { count, batch, inFlight });
};
const take = (claimers: number): Step['run'] => {
  return (member, count) => member.ask('take', { count, claimers });
};
const loop = (claimers: number): Step['run'] => {
  return (member, count) => member.ask('loop', { count, claimers });
};

/** Each round puts in more than it takes out. */
const STEPS: Step[] = [
  { name: 'enqueue, one at a time', jobs: 400, run: enqueue(1) },
  { name: 'enqueue, 16 clients', jobs: 1600, run: enqueue(1, 16) },
  { name: 'enqueue, batches of 100', jobs: 3000, run: enqueue(100) },
  { name: 'enqueue, batches of 1000', jobs: 4000, run: enqueue(1000) },
  { name: 'claim + complete, 1 claimer', jobs: 400, run: take(1) },
  { name: 'claim + complete, 4 claimers', jobs: 1000, run: take(4) },
  { name: 'worker loop, 4 at a time', jobs: 1000, run: loop(4) },
];

export interface Throughput {
  step: string;
  kind: Kind;
  /** Jobs per second, median of the rounds. */
  per_second: number;
  /** Its rate divided by BullMQ's of the same round, median; null for those not compared. */
  ratio_to_bullmq: number | null;
  /** Processor time per job, microseconds, medians. */
  process_us: number;
  redis_us: number | null;
  rounds: number[];
}

export interface ThroughputOptions {
  members: Member[];
  redis: RedisUnderTest | null;
  rounds: number;
  /** Share of the jobs of each step, for a quick look. */
  scale: number;
  say: (line: string) => void;
}

export async function throughput({
  members,
  redis,
  rounds,
  scale,
  say,
}: ThroughputOptions): Promise<Throughput[]> {
  const samples = new Map<string, { rate: number; process: number; redis: number }[]>();
  // One more, not counted: programs and scripts are loaded, files are there.
  for (let round = 0; round <= rounds; round += 1) {
    if (round > 0) say(`round ${round} of ${rounds}`);
    for (const step of STEPS) {
      // A, B, C and then C, B, A: what else the machine does meets all of them alike.
      const order = round % 2 === 0 ? members : members.toReversed();
      const jobs = Math.max(1000, Math.round((step.jobs * scale) / 1000) * 1000);
      const count = step.jobs < 1000 ? Math.max(50, Math.round(step.jobs * scale)) : jobs;
      for (const member of order) {
        const before = (await redis?.cpuMs()) ?? 0;
        const { ms, cpuMs } = await step.run(member, count);
        const after = (await redis?.cpuMs()) ?? 0;
        if (round === 0) continue;
        const list = samples.get(`${step.name}|${member.kind}`) ?? [];
        list.push({
          rate: (count / ms) * 1000,
          process: (cpuMs / count) * 1000,
          redis: ((after - before) / count) * 1000,
        });
        samples.set(`${step.name}|${member.kind}`, list);
      }
    }
  }
  return STEPS.flatMap(({ name }) => {
    const raw = samples.get(`${name}|bullmq`);
    return members.map(({ kind }): Throughput => {
      const own = samples.get(`${name}|${kind}`) ?? [];
      const ratios = own.map(({ rate }, index) => rate / (raw?.[index]?.rate ?? Number.NaN));
      return {
        step: name,
        kind,
        per_second: median(own.map(({ rate }) => rate)),
        ratio_to_bullmq: raw && kind !== 'bullmq' ? median(ratios) : null,
        process_us: median(own.map(({ process }) => process)),
        redis_us: kind === 'embedded' ? null : median(own.map((one) => one.redis)),
        rounds: own.map(({ rate }) => Math.round(rate)),
      };
    });
  });
}
