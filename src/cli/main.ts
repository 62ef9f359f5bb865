/** Entry of the command line; bin/mediamill.mjs calls it under a Node that is new enough. */
import { CommanderError } from 'commander';
import { EXIT_USAGE, reportFailure } from './failure.ts';
import { endQuietlyOnClosedPipe, flushed } from './output.ts';
import { createProgram } from './program.ts';

/** Runs one command and ends the process: 0 success, 1 the job failed, 2 wrong usage. */
export async function main(args: string[]): Promise<never> {
  endQuietlyOnClosedPipe();
  const code = await run(args);
  await flushed();
  process.exit(code);
}

async function run(args: string[]): Promise<number> {
  try {
    const program = await createProgram(args[0]);
    await program.parseAsync(withDashes(args), { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Help and version also end in this error, with 0; everything else has been printed already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    return reportFailure(error);
  }
}

/** `--max_bytes` is what the parameter is called; `--max-bytes` is what flags look like. Both work. */
function withDashes(args: string[]): string[] {
  const end = args.indexOf('--');
  return args.map((arg, index) =>
    end >= 0 && index > end ? arg : arg.replace(/^--[a-z][a-z0-9_-]*/i, (flag) => flag.replaceAll('_', '-')),
  );
}
