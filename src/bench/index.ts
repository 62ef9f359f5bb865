/** `mediamill bench`: every operation beside the `ffmpeg` of this machine. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MillError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Registry } from '../core/registry.ts';
import { type Comparison, compareAll } from './compare.ts';
import { makeInputs } from './inputs.ts';
import { OPERATIONS } from './operations.ts';
import { durationOf } from './quality.ts';
import { findRival } from './rival.ts';

export type { Comparison, Ratios } from './compare.ts';

export interface BenchOptions {
  registry: Registry;
  /** Starts this program, such as `[node, bin/mediamill.mjs]`. */
  command: readonly string[];
  /** Names of operations; default all. */
  only?: readonly string[];
  /** A film to use instead of the one that is made. */
  input?: string;
  /** Seconds of the film that is made. */
  seconds: number;
  rounds: number;
  /** Path of the rival's ffmpeg; default the one on the PATH. */
  rival?: string;
  signal: AbortSignal;
  say(sentence: string): void;
}

export interface BenchReport {
  rival: string;
  film_s: number;
  rounds: number;
}

export function operationNames(): { name: string; title: string; terms: string }[] {
  return OPERATIONS.map(({ name, title, terms }) => ({ name, title, terms }));
}

/** Yields the comparisons as they are done; returns what they were made with. */
export async function* bench(options: BenchOptions): AsyncGenerator<Comparison, BenchReport> {
  const { registry, command, rounds, signal, say } = options;
  const operations = chosen(options.only ?? []);
  const rival = await findRival(options.rival);
  const folder = await mkdtemp(join(tmpdir(), 'mediamill-bench-'));
  try {
    say(`Making media for the measurements with ffmpeg ${rival.version} …`);
    const made = await makeInputs(rival, folder, options.seconds, signal);
    const inputs = options.input === undefined ? made : { ...made, film: resolve(options.input) };
    const film = { duration_s: await durationOf(rival, inputs.film, signal) };
    say(`${operations.length} operations, ${rounds} rounds each: ffmpeg, a fresh process, a warm one …`);
    yield* compareAll(operations, { registry, rival, inputs, film, command, folder, rounds, signal });
    return { rival: rival.version, film_s: film.duration_s, rounds };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function chosen(names: readonly string[]) {
  const known = OPERATIONS.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw new MillError(
      'invalid_request',
      `There is no operation "${name}"${near ? `; did you mean "${near}"?` : '.'} \`mediamill bench --list\` names them.`,
    );
  }
  return names.length === 0 ? OPERATIONS : OPERATIONS.filter(({ name }) => names.includes(name));
}
