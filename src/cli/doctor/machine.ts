import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../core/config.ts';
import { MillError } from '../../core/errors.ts';
import { plural } from '../../core/plural.ts';
import { size } from '../wording.ts';
import { type Finding, finding } from './finding.ts';

/** From `src/cli/doctor/` as well as from `dist/cli/doctor/`. */
const PAGE = new URL('../../../web/dist/index.html', import.meta.url);
const ASK_MS = 2000;

/** What the jobs may use together, of what there is. */
export function checkMemory({ processing }: Config): Promise<Finding> {
  return finding('memory', async () => {
    const limit = processing.memory_limit_bytes;
    const jobs = processing.max_workers || Math.max(1, Math.floor(availableParallelism() / 2));
    // A container's limit counts, where there is one.
    const whole = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
    const worries =
      whole < limit
        ? ['one job may use more than there is: lower [processing] memory_limit_bytes']
        : whole < jobs * limit
          ? ['all of them at once may use more than there is: lower max_workers or memory_limit_bytes']
          : [];
    const detail = `${size(whole)}, ${size(freemem())} free; ${plural(jobs, 'job')} at a time, each up to ${size(limit)}`;
    return { detail, worries };
  });
}

export function checkPage(): Promise<Finding> {
  return finding('page', async () => {
    if (existsSync(fileURLToPath(PAGE))) return 'built';
    return {
      detail: 'not built',
      worries: ['`npm start` and `npm run build` make it; the API works without it'],
    };
  });
}

/** Can the ports be had, or has this program them already? */
export async function checkPorts({ server, monitoring }: Config): Promise<Finding[]> {
  const ports = [await checkPort('port', server, '/healthz', '[server] port')];
  const { worker_host: host, worker_port: port } = monitoring;
  if (port > 0)
    ports.push(await checkPort('worker port', { host, port }, '/healthz', '[monitoring] worker_port'));
  return ports;
}

function checkPort(
  check: string,
  { host, port }: { host: string; port: number },
  path: string,
  key: string,
): Promise<Finding> {
  return finding(check, async () => {
    if (port === 0) return 'any that is free';
    const trouble = await tryToListen(host, port);
    if (trouble === null) return `${port} on ${host} is free`;
    if (trouble !== 'EADDRINUSE') {
      throw new MillError(
        'invalid_config',
        `${port} on ${host} cannot be had (${trouble}); set another ${key}.`,
      );
    }
    if (await isOurs(host, port, path)) return `${port} on ${host}: this program answers there`;
    return {
      detail: `${port} on ${host}`,
      worries: [`another program has it; stop that, or set another ${key}`],
    };
  });
}

async function tryToListen(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

async function isOurs(host: string, port: number, path: string): Promise<boolean> {
  const address = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  try {
    const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}${path}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) });
    return ((await answer.json()) as { status?: unknown }).status === 'ok';
  } catch {
    return false;
  }
}
