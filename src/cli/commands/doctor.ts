import { availableParallelism, freemem, totalmem } from 'node:os';
import type { Command } from 'commander';
import type { EngineReport, Services } from '../../compose.ts';
import type { LoadedConfig } from '../../core/config-load.ts';
import { toMillError } from '../../core/errors.ts';
import { EXIT_FAILED } from '../failure.ts';
import { paint, print, printJson, printTable } from '../output.ts';
import { addConfigFlags, loadSettings } from '../settings.ts';
import { programVersion } from '../version.ts';
import { size } from '../wording.ts';
import { SERVICE_FLAGS } from './serve.ts';

/** Less free space than this is worth a warning: one transcode of a film takes as much. */
const LOW_DISK_BYTES = 5e9;

interface Finding {
  check: string;
  state: 'ok' | 'warning' | 'failed';
  detail: string;
}

export function addDoctor(program: Command): void {
  const doctor = program
    .command('doctor')
    .description('Check this machine: runtime, FFmpeg and its encoders, queue, storage, disk, memory.')
    .option('--json', 'print the findings as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const loaded = loadSettings(doctor);
      const { inspectEngine, composeServices } = await import('../../compose.ts');
      const services = () => composeServices(loaded, { version: programVersion(), quiet: true });
      const [engine, service] = await Promise.all([inspectEngine(), checkServices(services)]);
      const findings = [runtime(), ffmpeg(engine), ...service, memory(loaded)];
      if (json) printJson({ findings, encoders: engine.encoders ?? [], settings: settings(loaded) });
      else printFindings(findings, engine, loaded);
      if (findings.some(({ state }) => state === 'failed')) process.exitCode = EXIT_FAILED;
    });
  addConfigFlags(doctor, SERVICE_FLAGS);
}

function runtime(): Finding {
  const detail = `Node ${process.versions.node} on ${process.platform} ${process.arch}, ${availableParallelism()} cores`;
  return { check: 'runtime', state: 'ok', detail };
}

function ffmpeg({ ffmpeg_version: version, problem }: EngineReport): Finding {
  return version === undefined
    ? { check: 'ffmpeg', state: 'failed', detail: problem ?? 'it did not answer' }
    : { check: 'ffmpeg', state: 'ok', detail: `${version}, inside this program` };
}

/** Where the jobs lie; a password in the address of Redis is not shown. */
function queuePlace({ queue, redis }: Services['config']): string {
  if (queue.backend === 'embedded') return queue.database;
  return `queue ${redis.queue_name} on Redis at ${URL.parse(redis.url)?.host || redis.url}`;
}

async function checkServices(open: () => Promise<Services>): Promise<Finding[]> {
  try {
    await using services = await open();
    return [
      await finding('queue', async () => {
        await services.queue.check();
        const counts = await services.queue.counts();
        return `${queuePlace(services.config)}: ${counts.queued} queued, ${counts.started} started, ${counts.failed} failed`;
      }),
      await finding('storage', async () => {
        await services.storage.check();
        const { input_path: input, output_path: output } = services.config.storage;
        return `${input} and ${output}, writable`;
      }),
      await disk(services),
    ];
  } catch (error) {
    return [{ check: 'queue and storage', state: 'failed', detail: toMillError(error).message }];
  }
}

async function finding(check: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { check, state: 'ok', detail: await look() };
  } catch (error) {
    return { check, state: 'failed', detail: toMillError(error).message };
  }
}

async function disk({ storage }: Services): Promise<Finding> {
  const free = await storage.freeBytes();
  if (free === null) return { check: 'disk', state: 'ok', detail: 'the storage does not tell' };
  const low = free < LOW_DISK_BYTES;
  return { check: 'disk', state: low ? 'warning' : 'ok', detail: `${size(free)} free for outputs` };
}

function memory({ config }: LoadedConfig): Finding {
  const limit = config.processing.memory_limit_bytes;
  // A container's limit counts, where there is one.
  const whole = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const low = whole < limit;
  const detail = `${size(whole)}, ${size(freemem())} free; one job may use ${size(limit)}`;
  return { check: 'memory', state: low ? 'warning' : 'ok', detail };
}

function settings({ config, origins, file }: LoadedConfig): Record<string, unknown> {
  return { file, config, origins };
}

const COLOURS = { ok: 'green', warning: 'yellow', failed: 'red' } as const;

function printFindings(findings: Finding[], engine: EngineReport, { file, origins }: LoadedConfig): void {
  printTable(
    ['CHECK', 'STATE', 'DETAIL'],
    findings.map(({ check, state, detail }) => [check, paint(COLOURS[state], state), detail]),
  );
  if (engine.encoders) {
    print();
    printTable(
      ['ENCODER', 'WORKS', 'WHY NOT'],
      engine.encoders.map(({ name, works, reason }) => [
        name,
        works ? paint('green', 'yes') : 'no',
        reason ?? '',
      ]),
    );
  }
  const set = Object.entries(origins).filter(([, origin]) => origin !== 'default');
  print();
  print(`Settings: ${file ?? 'no file'}${set.length > 0 ? '' : '; everything at its default'}`);
  for (const [key, origin] of set) print(`  ${key}  from ${origin === 'flag' ? 'a flag' : `the ${origin}`}`);
}
