import { get } from 'node:http';
import type { Command } from 'commander';
import { EXIT_FAILED } from '../failure.ts';
import { note, print } from '../output.ts';
import { addConfigFlags, loadSettings } from '../settings.ts';

const TIMEOUT_MS = 5000;
/** What to ask a server that listens on every interface. */
const ANY_ADDRESS: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

export function addHealth(program: Command): void {
  const health = program
    .command('health')
    .description('Ask the server on this machine whether it and its queue and storage work; for containers.')
    .option('--worker', 'ask the worker, on [monitoring] worker_port')
    .action(async ({ worker }: { worker?: boolean }) => {
      const { server, monitoring } = loadSettings(health).config;
      const { host, port } = worker
        ? { host: monitoring.worker_host, port: monitoring.worker_port }
        : { host: server.host, port: server.port };
      const answer = await ask(ANY_ADDRESS[host] ?? host, port);
      if (answer.status === 200) return print('ready');
      note(`mediamill: not ready: ${answer.detail}`);
      process.exitCode = EXIT_FAILED;
    });
  addConfigFlags(health, ['server.host', 'server.port']);
}

/** Never throws: whatever goes wrong is the answer. */
function ask(host: string, port: number): Promise<{ status: number; detail: string }> {
  return new Promise((resolve) => {
    const request = get({ host, port, path: '/readyz', timeout: TIMEOUT_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, detail: detailOf(body) }));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    request.on('error', ({ message }) => resolve({ status: 0, detail: message }));
  });
}

function detailOf(body: string): string {
  try {
    return String((JSON.parse(body) as { detail?: unknown }).detail ?? body);
  } catch {
    return body;
  }
}
