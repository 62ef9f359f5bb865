/**
 * exiftool as a process that stays open for the next file (`-stay_open`), because starting Perl costs more
 * than reading a file. It ends by itself when idle, and with its host in any case:
 * exiftool exits when its standard input closes. https://exiftool.org/exiftool_pod.html
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import type { Readable, Writable } from 'node:stream';
import { MillError } from '../../core/errors.ts';
import { abortFailure, throwIfAborted } from '../files/abort.ts';

/** How long a process waits for another file. */
const IDLE_END_MS = 5_000;
/** After being asked to end. */
const END_DEADLINE_MS = 2_000;
/** Perl does not give memory back; a fresh process now and then keeps it small. */
const MAX_FILES = 200;
/** Tags of one file as JSON; real files stay far below. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** Where perl is looked for by a host that was given no environment. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';
const MAX_MARK_LENGTH = 32;
/** Address space and processor seconds of the process, against files made to exhaust it. POSIX only. */
const LIMITS = 'ulimit -v 2097152 2>/dev/null; ulimit -t 1800 2>/dev/null; exec "$@"';

export type Tags = Record<string, unknown>;

interface Exiftool {
  run(args: readonly string[], signal: AbortSignal): Promise<Answer>;
  /** Runs nothing more after this. */
  end(): void;
  readonly usable: boolean;
}

interface Answer {
  stdout: string;
  stderr: string;
}

/** One, unless several callers read at a time. */
const running = new Set<Exiftool>();

/**
 * What `exiftool -j OPTIONS FILE` prints for one file. Aborting kills the process. An answer without JSON is
 * `unsupported_media` with exiftool's own words.
 */
export async function readTags(path: string, options: readonly string[], signal: AbortSignal): Promise<Tags> {
  throwIfAborted(signal);
  // Arguments are lines for exiftool: a name with a line break would be several of them.
  if (/[\r\n\0]/.test(path)) throw new MillError('invalid_request', 'The name of the file has a line break.');
  if (!path.startsWith('/') && process.platform !== 'win32') {
    throw new MillError('internal', 'exiftool takes absolute paths only.');
  }
  const exiftool = [...running].find(({ usable }) => usable) ?? startExiftool();
  const { stdout, stderr } = await exiftool.run(['-j', ...options, path], signal);
  const tags = parseTags(stdout);
  if (tags) return tags;
  throw new MillError(
    'unsupported_media',
    `exiftool: ${stderr.trim().replaceAll(path, 'the file') || 'no answer'}`,
  );
}

/** For the end of a host or a test; the next call starts a new process. */
export function endExiftool(): void {
  for (const exiftool of running) exiftool.end();
}

function parseTags(json: string): Tags | null {
  try {
    const [tags] = JSON.parse(json) as Tags[];
    return tags ?? null;
  } catch {
    return null;
  }
}

interface Pending {
  id: number;
  settle(result: Answer | MillError): void;
}

function startExiftool(): Exiftool {
  const child = spawnExiftool();
  let stdout = '';
  let stderr = '';
  let pending: Pending | null = null;
  let files = 0;
  let alive = true;
  let idle: NodeJS.Timeout | undefined;

  function settle(result: Answer | MillError): void {
    const { settle } = pending ?? {};
    pending = null;
    stdout = '';
    stderr = '';
    settle?.(result);
  }

  function kill(error: MillError): void {
    alive = false;
    child.kill('SIGKILL');
    settle(error);
  }

  function end(): void {
    clearTimeout(idle);
    alive = false;
    child.stdin.end('-stay_open\nFalse\n');
    setTimeout(() => child.kill('SIGKILL'), END_DEADLINE_MS).unref();
  }

  /** Standard output and error are two pipes: an answer is complete when both have its mark. */
  function lookForAnswer(): void {
    if (!pending) return;
    if (stdout.length + stderr.length > MAX_OUTPUT_BYTES) {
      kill(new MillError('unsupported_media', 'The file has more tags than any real one.'));
      return;
    }
    const out = answerBefore(stdout, pending.id);
    const err = answerBefore(stderr, pending.id);
    if (out !== null && err !== null) settle({ stdout: out, stderr: err });
  }

  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    lookForAnswer();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    lookForAnswer();
  });
  child.stdin.on('error', () => {});
  child.on('error', (error) => {
    alive = false;
    running.delete(exiftool);
    settle(missing(error));
  });
  child.on('close', (code, signal) => {
    alive = false;
    running.delete(exiftool);
    clearTimeout(idle);
    settle(diedWith(code, signal, stderr));
  });

  const exiftool: Exiftool = {
    get usable() {
      return alive && pending === null && files < MAX_FILES;
    },
    end,
    run(args, signal) {
      clearTimeout(idle);
      files += 1;
      const id = files;
      return new Promise<Answer>((fulfil, reject) => {
        const onAbort = () => kill(abortFailure(signal));
        signal.addEventListener('abort', onAbort, { once: true });
        pending = {
          id,
          settle(result) {
            signal.removeEventListener('abort', onAbort);
            holdHost(child, false);
            if (alive && files < MAX_FILES) idle = setTimeout(end, IDLE_END_MS).unref();
            else if (alive) end();
            if (result instanceof MillError) reject(result);
            else fulfil(result);
          },
        };
        holdHost(child, true);
        child.stdin.write(`${[...args, '-echo4', `{ready${id}}`, `-execute${id}`].join('\n')}\n`);
      });
    },
  };
  running.add(exiftool);
  return exiftool;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

function spawnExiftool(): Child {
  // An empty -config keeps ~/.ExifTool_config, which is Perl code, out of it.
  const args = ['-config', '', '-stay_open', 'True', '-@', '-'];
  const options = {
    stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'],
    cwd: process.platform === 'win32' ? undefined : '/',
    env: plainEnvironment(),
    windowsHide: true,
  };
  if (process.platform === 'win32') return spawn(toolPath('exiftool-vendored.exe'), args, options);
  const command = ['perl', toolPath('exiftool-vendored.pl'), ...args];
  return spawn('/bin/sh', ['-c', LIMITS, 'exiftool', ...command], options);
}

/** Perl takes code from PERL5OPT and PERL5LIB; exiftool needs none of the environment but these. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { PATH = DEFAULT_PATH, TZ, SystemRoot } = process.env;
  return { PATH, ...(TZ !== undefined && { TZ }), ...(SystemRoot !== undefined && { SystemRoot }) };
}

/** Both packages export the path of their program and are optional: each installs on its own systems only. */
function toolPath(packageName: string): string {
  try {
    return createRequire(import.meta.url)(packageName) as string;
  } catch (error) {
    throw new MillError('tool_unavailable', `exiftool (npm package ${packageName}) is not installed.`, {
      cause: error,
    });
  }
}

function missing(error: Error): MillError {
  return new MillError('tool_unavailable', `exiftool cannot be started: ${error.message}.`, { cause: error });
}

function diedWith(code: number | null, signal: NodeJS.Signals | null, stderr: string): MillError {
  if (/Out of memory/i.test(stderr))
    return new MillError('out_of_memory', 'exiftool needs too much memory for this file.');
  if (code === 127) return new MillError('tool_unavailable', 'exiftool needs perl, which is not installed.');
  const last = stderr.trim().split('\n').at(-1) || 'it said nothing';
  return new MillError('crashed', `exiftool ended with ${signal ?? code}: ${last}`);
}

/** While exiftool waits the host may exit; its pipes closing then ends exiftool too. */
function holdHost(child: Child, hold: boolean): void {
  const handles = [child, child.stdin, child.stdout, child.stderr] as unknown as NodeJS.RefCounted[];
  for (const handle of handles) hold ? handle.ref() : handle.unref();
}

/** The mark is a line of its own at the end; text from a file cannot be one, JSON escapes line breaks. */
function answerBefore(text: string, id: number): string | null {
  const mark = new RegExp(`(?:^|\\n)\\{ready${id}\\}\\r?\\n$`).exec(text.slice(-MAX_MARK_LENGTH));
  return mark ? text.slice(0, text.length - mark[0].length) : null;
}
