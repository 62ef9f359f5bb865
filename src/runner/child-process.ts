/** One forked child process, seen from its parent: messages, last words, and how it ended. */
import { fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Cage, commandIn } from './cage.ts';
import type { ExitFacts } from './exit-reason.ts';
import { type FromChild, readFromChild, type ToChild } from './protocol.ts';
import { siblingModule } from './sibling-module.ts';

/** All the child gets to know of its parent's environment: no secrets of the configuration, no NODE_OPTIONS. */
const ENVIRONMENT = [
  'PATH',
  'HOME',
  'TZ',
  'LANG',
  'NODE_ENV',
  // Where devices and their drivers are: one that its trial found works for jobs as well.
  'CUDA_VISIBLE_DEVICES',
  'NVIDIA_VISIBLE_DEVICES',
  'NVIDIA_DRIVER_CAPABILITIES',
  'LIBVA_DRIVER_NAME',
  'LIBVA_DRIVERS_PATH',
  'VK_DRIVER_FILES',
  'VK_ICD_FILENAMES',
  'LD_LIBRARY_PATH',
] as const;
/**
 * Compiled code that children share, private to this installation. Run from TypeScript, a child is ready in 135
 * instead of 280 ms with it, and takes 88 instead of 126 MB: neither of its threads loads the type stripper.
 */
const COMPILE_CACHE = new URL('../../node_modules/.cache/mediamill', import.meta.url);
/**
 * Bytes from which glibc maps an allocation by itself, and so gives it back when it is freed (mallopt(3),
 * M_MMAP_THRESHOLD). Left alone it raises the limit as pictures come and go: a child kept 184 instead of 136 MiB
 * after a resize, and with glibc's 128 KiB it kept 187 instead of 156 MiB after an H.265 film.
 */
const MMAP_THRESHOLD = 32 * 1024;
const STDERR_LINES = 50;
const STDERR_LINE_LENGTH = 1000;
/** How long after its end the last words of a process may still be in the pipe. */
const LAST_WORDS_MS = 200;

export interface Child {
  readonly pid: number;
  /** Resolves when it can take an order, or when it ended before. */
  readonly ready: Promise<void>;
  /** Resolves when it is gone. */
  readonly exited: Promise<ExitFacts>;
  readonly alive: boolean;
  /** Quietly nothing when the child is gone: `exited` tells. */
  send(message: ToChild): void;
  /** Until the answer is called; what is said while nobody listens is dropped. */
  listen(listener: ChildListener): () => void;
  /** Ends it, with the helpers it started, at once. */
  kill(): void;
}

export interface ChildListener {
  message(message: FromChild): void;
  /** It said something that is not in the protocol. */
  garbled(): void;
  /** A line that it or FFmpeg printed. */
  line(text: string): void;
}

export interface ChildOptions {
  registryModule?: string | undefined;
  /** Default none. */
  cage?: Cage | null | undefined;
  /** May it use the network? Default yes. */
  online?: boolean;
}

/** Written by every child: compiled code that they share, and the kernel's idea of whom to end first. */
const OWN_FILES = ['/proc/self/oom_score_adj'];

/** Throws what `fork` throws when the system has no room for another process. */
export function startChild({ registryModule, cage = null, online = true }: ChildOptions = {}): Child {
  const ownGroup = process.platform !== 'win32';
  // Below the parent's: what a child may write there, the parent never loads.
  const own = getCompileCacheDir();
  const cache = own === undefined ? fileURLToPath(COMPILE_CACHE) : join(own, 'jobs');
  // None of the parent's flags: a debugger's port can be taken once, and test runners add their own loaders.
  const command = commandIn(cage, { online, alsoWritable: [cache, ...OWN_FILES] });
  const child = fork(
    fileURLToPath(siblingModule(import.meta.url, './child')),
    registryModule === undefined ? [] : [registryModule],
    {
      ...command,
      env: environment(cache),
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: ownGroup,
    },
  );
  const ready = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<ExitFacts>();
  const stderr: string[] = [];
  const listeners = new Set<ChildListener>();
  let ended = false;

  for (const stream of [child.stdout, child.stderr]) {
    // There are none when the system could not start the process; the 'error' event says why.
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      const text = line.slice(0, STDERR_LINE_LENGTH);
      stderr.push(text);
      if (stderr.length > STDERR_LINES) stderr.shift();
      for (const listener of listeners) listener.line(text);
    });
  }
  child.on('message', (raw) => {
    const message = readFromChild(raw);
    if (message?.type === 'ready') ready.resolve();
    for (const listener of listeners) {
      if (message) listener.message(message);
      else listener.garbled();
    }
  });
  child.on('error', (error) => {
    stderr.push(error.message);
    if (child.pid === undefined) end(null, null);
  });
  child.once('exit', (code, signal) => {
    killGroup();
    const timer = setTimeout(end, LAST_WORDS_MS, code, signal);
    child.once('close', () => {
      clearTimeout(timer);
      end(code, signal);
    });
  });
  function end(code: number | null, signal: NodeJS.Signals | null): void {
    ended = true;
    child.stdout?.destroy();
    child.stderr?.destroy();
    ready.resolve();
    exited.resolve({ code, signal, stderr });
  }

  const running = () => !ended && child.exitCode === null && child.signalCode === null;
  /** Helpers outlive their leader otherwise. */
  function killGroup(): void {
    if (!ownGroup || child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nobody is left in it.
    }
  }

  return {
    pid: child.pid ?? 0,
    ready: ready.promise,
    exited: exited.promise,
    get alive() {
      return running();
    },
    send(message) {
      if (child.connected) child.send(message, () => {});
    },
    listen(listener) {
      // What an earlier order printed explains nothing about this one.
      if (listeners.size === 0) stderr.length = 0;
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    kill() {
      if (!running()) return;
      killGroup();
      child.kill('SIGKILL');
    },
  };
}

function environment(cache: string): NodeJS.ProcessEnv {
  const passed = ENVIRONMENT.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : []));
  return {
    ...Object.fromEntries(passed),
    NODE_COMPILE_CACHE: cache,
    MALLOC_MMAP_THRESHOLD_: String(MMAP_THRESHOLD),
    // SVT-AV1 talks on stderr by itself; 1 is for errors only.
    SVT_LOG: '1',
  };
}
