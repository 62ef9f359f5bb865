import type { Command } from 'commander';
import { note } from '../output.ts';
import { addConfigFlags, loadSettings } from '../settings.ts';
import { aborted, abortOnSignals } from '../signals.ts';
import { programVersion } from '../version.ts';
import { SERVICE_FLAGS } from './serve.ts';

export function addWorker(program: Command): void {
  const worker = program
    .command('worker')
    .description('Only run jobs, beside a server on the same queue.')
    .action(async () => {
      const loaded = loadSettings(worker);
      const stop = abortOnSignals();
      const { composeServices, startWorker, startWorkerEndpoint } = await import('../../compose.ts');
      await using services = await composeServices(loaded, { version: programVersion() });
      // The port first: a second worker on it must not take jobs before it fails.
      const endpoint = await startWorkerEndpoint(services);
      const working = await startWorker(services);
      await aborted(stop);
      note(
        `mediamill: stopping; running jobs have ${loaded.config.processing.drain_seconds} s (again to stop at once)`,
      );
      await working.stop();
      await endpoint?.close();
    });
  addConfigFlags(worker, SERVICE_FLAGS);
}
