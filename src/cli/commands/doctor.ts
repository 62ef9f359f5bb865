import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { CageReport, EngineReport, Services } from '../../compose.ts';
import type { LoadedConfig } from '../../core/config-load.ts';
import { toMillError } from '../../core/errors.ts';
import { checkDecoders } from '../doctor/decoders.ts';
import { type Finding, finding } from '../doctor/finding.ts';
import { checkMemory, checkPage, checkPorts } from '../doctor/machine.ts';
import { checkQueue } from '../doctor/queue.ts';
import { EXIT_FAILED } from '../failure.ts';
import { paint, print, printJson, printTable } from '../output.ts';
import { addConfigFlags, loadSettings } from '../settings.ts';
import { programVersion } from '../version.ts';
import { size } from '../wording.ts';
import { SERVICE_FLAGS } from './serve.ts';

/** Less free space than this is worth a warning: one transcode of a film takes as much. */
const LOW_DISK_BYTES = 5e9;

/** Encoders that a machine may well not have. */
const HARDWARE = /_(nvenc|qsv|vaapi|amf|videotoolbox|v4l2m2m|mf|vulkan)$/;

export function addDoctor(program: Command): void {
  const doctor = program
    .command('doctor')
    .description(
      'Check this machine: runtime, FFmpeg and its encoders, queue, clock, storage, disk, memory, page, ports.',
    )
    .option('--json', 'print the findings as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const loaded = loadSettings(doctor);
      const { inspectEngine, inspectCage, composeServices } = await import('../../compose.ts');
      const services = () => composeServices(loaded, { version: programVersion(), quiet: true });
      const [engine, service, cage, ports] = await Promise.all([
        inspectEngine(),
        checkServices(services),
        inspectCage(),
        checkPorts(loaded.config),
      ]);
      const { config } = loaded;
      const machine = [isolation(loaded, cage), await checkMemory(config), await checkPage()];
      const findings = [
        runtime(),
        ffmpeg(engine),
        encoders(engine),
        checkDecoders(engine),
        ...service,
        ...machine,
        ...ports,
      ];
      if (json)
        printJson({
          findings,
          encoders: engine.encoders ?? [],
          decoders: engine.decoders ?? [],
          settings: settings(loaded),
        });
      else printFindings(findings, engine, loaded);
      if (findings.some(({ state }) => state === 'failed')) process.exitCode = EXIT_FAILED;
    });
  addConfigFlags(doctor, ['server.host', 'server.port', ...SERVICE_FLAGS]);
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

function encoders({ encoders: tried = [] }: EngineReport): Finding {
  const hardware = tried.filter(({ name, works }) => works && HARDWARE.test(name)).map(({ name }) => name);
  const broken = tried.filter(({ name, works }) => !works && !HARDWARE.test(name)).map(({ name }) => name);
  const detail = `${tried.filter(({ works }) => works).length} of ${tried.length} work; hardware: ${hardware.join(', ') || 'none'}`;
  if (broken.length === 0) return { check: 'encoders', state: 'ok', detail };
  return { check: 'encoders', state: 'warning', detail: `${detail}; missing: ${broken.join(', ')}` };
}

async function checkServices(open: () => Promise<Services>): Promise<Finding[]> {
  try {
    await using services = await open();
    return [
      ...(await checkQueue(services)),
      await finding('storage', async () => {
        await services.storage.check('thorough');
        return `${storagePlace(services.config)}, writable`;
      }),
      await disk(services),
    ];
  } catch (error) {
    return [{ check: 'queue and storage', state: 'failed', detail: toMillError(error).message }];
  }
}

function storagePlace({ storage }: Services['config']): string {
  if (storage.type === 'local') return `${storage.input_path} and ${storage.output_path}`;
  const { bucket, endpoint, work_path } = storage.s3;
  return `bucket ${bucket}${endpoint ? ` at ${URL.parse(endpoint)?.host ?? endpoint}` : ''}, work in ${work_path}`;
}

async function disk({ storage }: Services): Promise<Finding> {
  const free = await storage.freeBytes();
  if (free === null) return { check: 'disk', state: 'ok', detail: 'the storage does not tell' };
  const low = free < LOW_DISK_BYTES;
  return { check: 'disk', state: low ? 'warning' : 'ok', detail: `${size(free)} free for outputs` };
}

function isolation({ config }: LoadedConfig, { offline, reason }: CageReport): Finding {
  const check = 'isolation';
  if (config.processing.cage === 'off')
    return { check, state: 'warning', detail: 'turned off by [processing] cage' };
  const rest = 'memory limit, deadline and write permissions of job processes hold';
  if (offline) return { check, state: 'ok', detail: `job processes have no network; ${rest}` };
  return { check, state: 'warning', detail: `job processes keep the network: ${reason}; ${rest}` };
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
