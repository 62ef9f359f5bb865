/** The commands, each loaded when it is asked for: `mediamill jobs` must not wait for what `run` needs. */
import { Command, Help } from 'commander';
import { programVersion } from './version.ts';

/** In the order of the help. */
const COMMANDS = {
  serve: async () => (await import('./commands/serve.ts')).addServe,
  worker: async () => (await import('./commands/worker.ts')).addWorker,
  run: async () => (await import('./commands/run.ts')).addRun,
  recipe: async () => (await import('./commands/recipe.ts')).addRecipe,
  tasks: async () => (await import('./commands/tasks.ts')).addTasks,
  enqueue: async () => (await import('./commands/enqueue.ts')).addEnqueue,
  jobs: async () => (await import('./commands/jobs.ts')).addJobs,
  queue: async () => (await import('./commands/queue.ts')).addQueue,
  workers: async () => (await import('./commands/workers.ts')).addWorkers,
  bench: async () => (await import('./commands/bench.ts')).addBench,
  keys: async () => (await import('./commands/keys.ts')).addKeys,
  webhooks: async () => (await import('./commands/webhooks.ts')).addWebhooks,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
  backup: async () => (await import('./commands/backup.ts')).addBackup,
  migrate: async () => (await import('./commands/migrate.ts')).addMigrate,
  health: async () => (await import('./commands/health.ts')).addHealth,
  openapi: async () => (await import('./commands/openapi.ts')).addOpenApi,
} satisfies Record<string, () => Promise<(program: Command) => void>>;

/** What is answered before any command: none is loaded. */
const VERSION_FLAGS = ['-V', '--version'] as const;

/** With the one command that is named, or with all of them, for help and for words that are no command. */
export async function createProgram(wanted?: string): Promise<Command> {
  const program = new Command('mediamill')
    .description('Media pipeline: a queue, native FFmpeg workers, an HTTP API and a web page in one program.')
    .version(programVersion(), VERSION_FLAGS.join(', '), 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({
      helpWidth: Math.min(process.stdout.columns || 100, 110),
      visibleGlobalOptions(this: Help, command) {
        const options = Help.prototype.visibleGlobalOptions.call(this, command);
        return options.filter(({ long }) => long !== '--version');
      },
    })
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'mediamill: ')),
    })
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 success, 1 the job or command failed, 2 wrong usage or settings.');
  for (const add of await Promise.all(commandsFor(wanted).map((command) => command()))) add(program);
  return program;
}

function commandsFor(wanted: string | undefined) {
  if (VERSION_FLAGS.some((flag) => flag === wanted)) return [];
  if (wanted === undefined || !Object.hasOwn(COMMANDS, wanted)) return Object.values(COMMANDS);
  return [COMMANDS[wanted as keyof typeof COMMANDS]];
}
