/** Why a child process ended, told from what it left behind. */
import { constants } from 'node:os';
import { MillError } from '../core/errors.ts';

export interface ExitFacts {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines it printed. */
  stderr: string[];
}

/** What V8 and the C++ runtime print when they cannot get memory. */
const NO_MEMORY = /heap out of memory|heap limit|Allocation failed|std::bad_alloc|out of memory/i;
/** A process killed from outside this close to its limit was killed for its memory. */
const NEAR_LIMIT = 0.8;
const LINES_IN_FACTS = 10;
/** Of a native or JavaScript stack: addresses and paths of this machine that tell a reader nothing. */
const STACK_FRAME = /^\s*(\d+: 0x|at )|Native stack trace/;

const MEANING: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: 'it aborted itself',
  SIGBUS: 'it used memory that is not there',
  SIGFPE: 'it divided by zero',
  SIGILL: 'it ran an instruction this processor does not have',
  SIGKILL: 'it was killed from outside, perhaps because the machine ran out of memory',
  SIGSEGV: 'it used memory that is not its own',
};

/** For an exit that this program did not cause. */
export function explainExit(exit: ExitFacts, memory: { current: number; limit: number }): MillError {
  const { code, signal } = exit;
  const facts = factsOf(exit);
  if (facts.stderr.some((line) => NO_MEMORY.test(line))) {
    return new MillError('out_of_memory', 'The job could not get the memory it asked for.', { facts });
  }
  if (signal === 'SIGKILL' && memory.current >= NEAR_LIMIT * memory.limit) {
    return new MillError('out_of_memory', 'The process of the job was killed near its memory limit.', {
      facts: { ...facts, rss_bytes: memory.current, limit_bytes: memory.limit },
    });
  }
  const last = facts.stderr.at(-1);
  const how = signal
    ? `ended with ${signal}: ${MEANING[signal] ?? signalNumber(signal)}`
    : `ended with exit code ${code}`;
  return new MillError('crashed', `The process of the job ${how}.${last ? ` Its last words: ${last}` : ''}`, {
    facts,
  });
}

/** For a process that ended before it took an order: the installation is at fault, not the job. */
export function explainNoStart(exit: ExitFacts): MillError {
  const { signal, code } = exit;
  return new MillError(
    'internal',
    `The process for the job did not start (${signal ?? `exit code ${code}`}).`,
    {
      facts: factsOf(exit),
    },
  );
}

function signalNumber(signal: NodeJS.Signals): string {
  return `signal number ${constants.signals[signal]}`;
}

function factsOf({ code, signal, stderr }: ExitFacts) {
  const words = stderr.filter((line) => line.trim() !== '' && !STACK_FRAME.test(line));
  return { signal, exit_code: code, stderr: words.slice(-LINES_IN_FACTS) };
}
