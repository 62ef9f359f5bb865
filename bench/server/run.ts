/** How does a server answer while its workers encode, and what does it take when it is idle? `npm run bench:server` */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { describe, machine } from '../../src/bench/machine.ts';
import { commandBlock, markdownTable } from '../../src/bench/markdown.ts';
import { counterVideo } from '../../test/fixtures/media/index.ts';
import { median, mib, short } from '../queue/figures.ts';
import { firstJob, idleMemory, type Latency, latencies, probes, type Rate } from './figures.ts';
import { startProgram } from './program.ts';

const HELP = `Usage: npm run bench:server -- [options]

  --workers N     jobs at a time                                        (default 2)
  --starts N      starts from nothing to the first finished job; median (default 3)
  --jobs N        probe jobs for the rate, sent in batches of 100       (default 1000)
  --requests N    requests of each path while all workers encode        (default 500)
  --json          JSON instead of a table
  --markdown      Markdown, with the command and the machine
`;
const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '2' },
    starts: { type: 'string', default: '3' },
    jobs: { type: 'string', default: '1000' },
    requests: { type: 'string', default: '500' },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const PATHS = ['/healthz', '/api/jobs'];
const say = (line: string) => void process.stderr.write(`${line}\n`);

const on = machine();
const workers = Number(values.workers);
const folder = await mkdtemp(join(tmpdir(), 'mill-bench-server-'));
try {
  const film = await counterVideo({ width: 1280, height: 720, frames: 300, audio: [{}] } as never);
  const starts: number[] = [];
  for (let start = 0; start < Number(values.starts); start += 1) {
    const program = await startProgram(await place(film, `start-${start}`), workers);
    starts.push(await firstJob(program).finally(program.close));
    say(`start to the first finished job: ${short(starts.at(-1) ?? 0, 's')}`);
  }
  const program = await startProgram(await place(film, 'server'), workers);
  try {
    const idle = await idleMemory(program, workers);
    say(`idle: ${mib(idle.rss_bytes)} in ${idle.processes} processes`);
    const rate = await probes(program, Number(values.jobs));
    say(`${rate.jobs} probe jobs: ${short(rate.per_second)} a second`);
    const answers = await latencies(program, PATHS, Number(values.requests), workers);
    report({ workers, starts, idle, rate, answers });
  } finally {
    await program.close();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function place(film: string, name: string): Promise<string> {
  const at = join(folder, name);
  await mkdir(join(at, 'input'), { recursive: true });
  await copyFile(film, join(at, 'input/film.mp4'));
  return at;
}

interface Found {
  workers: number;
  starts: number[];
  idle: Awaited<ReturnType<typeof idleMemory>>;
  rate: Rate;
  answers: Latency[];
}

function report(found: Found): void {
  if (values.json) {
    return void process.stdout.write(`${JSON.stringify({ machine: on, ...found }, null, 2)}\n`);
  }
  const { starts, idle, rate, answers } = found;
  const { jobs, per_second, cpu_ms_per_job } = rate;
  const shared = idle.pss_bytes === null ? '' : `; ${mib(idle.pss_bytes)} with shared memory counted once`;
  const rows = [
    ['start to the first finished job, median', short(median(starts), 's')],
    [
      `${jobs.toLocaleString('en-GB')} probe jobs, sent and done`,
      `${short(per_second)} a second; ${short(cpu_ms_per_job, 'ms')} of processor time each`,
    ],
    [`idle, ${idle.processes} processes, resident`, `${mib(idle.rss_bytes)}${shared}`],
    ...answers.map(({ path, p50_ms, p99_ms, max_ms, requests }) => [
      `GET ${path} while ${workers} workers encode, ${requests} requests`,
      `p50 ${short(p50_ms, 'ms')}, p99 ${short(p99_ms, 'ms')}, most ${short(max_ms, 'ms')}`,
    ]),
  ];
  if (!values.markdown) return void process.stdout.write(`${describe(on)}\n${tableOf(rows)}\n`);
  const words = process.argv.slice(2).filter((word) => word !== '--markdown');
  const command = ['npm run bench:server', ...(words.length > 0 ? ['--', ...words] : [])].join(' ');
  const text = [commandBlock(command), `${describe(on)}.`, markdownTable(['what', 'figure'], rows, 2)];
  process.stdout.write(`${text.join('\n\n')}\n`);
}

function tableOf(rows: string[][]): string {
  const table = new Table({ head: ['what', 'figure'] });
  table.push(...rows);
  return table.toString();
}
