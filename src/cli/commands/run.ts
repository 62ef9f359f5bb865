import type { Command } from 'commander';
import { MillError, toMillError } from '../../core/errors.ts';
import type { Explanation } from '../../core/explain/explain.ts';
import type { Progress } from '../../core/plan.ts';
import { defaultExtension } from '../../core/registry.ts';
import { printExplanation } from '../explain-view.ts';
import { exitCodeOf } from '../failure.ts';
import { note, paint, print, printJson } from '../output.ts';
import { progressLine } from '../progress-line.ts';
import { addConfigFlags, loadSettings } from '../settings.ts';
import { abortOnSignals } from '../signals.ts';
import { addTaskForms, registry, type TaskRequest } from '../task-commands.ts';
import { duration, size } from '../wording.ts';

export function addRun(program: Command): void {
  const run = program
    .command('run')
    .description('Run one task here and now, without a server, on your own files.')
    .option('--json', 'print the result as JSON and nothing else, as the JSON form does')
    .option('--explain', 'print how it would be done, and do nothing');
  addConfigFlags(run, []);
  addTaskForms(run, {
    inputHelp: 'file to read; any path you may read',
    outputHelp: 'file or folder to write; only the result is printed when left out',
    fields: [],
    json: runAsJson,
    task: async (request, command) =>
      command.optsWithGlobals().json ? runAsJson(() => request, command) : runForPeople(request, command),
  });
}

/** For programs: one JSON object on stdout, whether it works or not. */
async function runAsJson(read: () => TaskRequest, command: Command): Promise<void> {
  try {
    const request = read();
    printJson(
      command.optsWithGlobals().explain ? await explained(request, command) : await start(request, command),
    );
  } catch (thrown) {
    const error = toMillError(thrown).toFailure();
    printJson({ success: false, message: error.detail, error });
    process.exitCode = exitCodeOf(error.code);
  }
}

async function runForPeople(request: TaskRequest, command: Command): Promise<void> {
  if (command.optsWithGlobals().explain) return printExplanation(await explained(request, command));
  const line = progressLine(request.task);
  const result = await start(request, command, (progress) => line.update(progress)).finally(() =>
    line.clear(),
  );
  for (const warning of result.warnings) note(`${paint('yellow', 'warning:', process.stderr)} ${warning}`);
  print(result.message);
  const { duration_ms: ms, output_size_bytes: bytes } = result.metrics;
  const took = `in ${duration(ms / 1000)}`;
  if (result.output_path !== null) print(paint('dim', `${result.output_path}  ${size(bytes)}  ${took}`));
  else if (Object.keys(result.data).length > 0) printJson(result.data);
}

async function explained(request: TaskRequest, command: Command): Promise<Explanation> {
  const { config } = loadSettings(command);
  const { task, params, input_path: input, output_path: output } = request;
  const job = registry().get(task);
  if (input === null && job.input.kind !== 'none' && !job.input.optional)
    throw new MillError('input_required');
  const { explainHere } = await import('../../compose.ts');
  const step = {
    id: task,
    task,
    params,
    input: job.input.kind === 'none' ? null : input,
    output,
    after: null,
  };
  return explainHere([step], { config, signal: abortOnSignals() });
}

type Result = Awaited<ReturnType<typeof import('../../compose.ts').runHere>>;

async function start(
  request: TaskRequest,
  command: Command,
  onProgress?: (progress: Progress) => void,
): Promise<Result> {
  const { config } = loadSettings(command);
  requireOutput(request);
  const { runHere } = await import('../../compose.ts');
  return runHere(request, { config, signal: abortOnSignals(), onProgress });
}

/** Outputs that repeat what the result says. */
const TEXT_OUTPUTS = ['.json', '.sha256', '.txt'];

/** A task that makes a picture or a film must be told where to: working for nothing helps nobody. */
function requireOutput({ task, input_path: input, output_path: output, params }: TaskRequest): void {
  const job = registry().get(task);
  const { kind, extensions } = job.output;
  const optional = kind === 'none' || (kind === 'file' && TEXT_OUTPUTS.includes(extensions[0] ?? ''));
  if (optional || output !== null) return;
  const what = kind === 'directory' ? 'a folder' : 'a file';
  const name = `result${kind === 'file' ? defaultExtension(job, input, params) : ''}`;
  throw new MillError('invalid_request', `${task} writes ${what}: name it after the input, such as ${name}.`);
}
