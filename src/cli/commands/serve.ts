import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { note, paint, print } from '../output.ts';
import { addConfigFlags, loadSettings } from '../settings.ts';
import { aborted, abortOnSignals } from '../signals.ts';
import { programVersion } from '../version.ts';

/** Settings with flags that `serve`, `worker` and `doctor` share. */
export const SERVICE_FLAGS = [
  'queue.database',
  'storage.input_path',
  'storage.output_path',
  'processing.max_workers',
  'logging.level',
  'logging.format',
] as const;

export function addServe(program: Command): void {
  const serve = program
    .command('serve')
    .description('Serve the API and the web page, with the queue and workers in the same program.')
    .option('--no-worker', 'only serve; jobs wait for `mediamill worker`')
    .action(async ({ worker }: { worker: boolean }) => {
      const loaded = loadSettings(serve);
      const stop = abortOnSignals();
      const { composeServices, startServer, startWorker } = await import('../../compose.ts');
      await using services = await composeServices(loaded, { version: programVersion() });
      // The port first: a second server on it must not take jobs before it fails.
      const server = await startServer(services);
      const working = worker ? await startWorker(services) : null;
      if (process.stdout.isTTY) announce(server.url);
      await aborted(stop);
      const { drain_seconds: drain } = loaded.config.processing;
      note(`mediamill: stopping; running jobs have ${drain} s (once more to stop at once)`);
      // Requests may take their time within the same limit; a large upload would take longer.
      const closed = Promise.race([server.close(), sleep(drain * 1000)]);
      await working?.stop();
      await closed;
    });
  addConfigFlags(serve, ['server.host', 'server.port', 'server.insecure', ...SERVICE_FLAGS]);
}

function announce(url: string): void {
  print();
  print(`  ${paint('bold', 'Media Mill')} is running at ${paint('cyan', url)}`);
  print(`  ${paint('dim', `API documentation at ${url}/docs; Ctrl-C stops it`)}`);
  print();
}
