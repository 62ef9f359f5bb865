/** `mediamill bench`: every operation beside the `ffmpeg` of this machine. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MillError } from '../core/errors.ts';
import type { Registry } from '../core/registry.ts';
import { chosen } from './chosen.ts';
import { type Comparison, compareAll } from './compare.ts';
import { INPUT_KINDS, makeInputs } from './inputs.ts';
import type { Operation } from './operation.ts';
import { OPERATIONS } from './operations/index.ts';
import { durationOf } from './quality.ts';
import { findRival } from './rival.ts';

export { COLUMNS, cellsOf, ratioCells } from './cells.ts';
export type { Comparison, Ratios } from './compare.ts';
export { type Growth, growth, subjectNames } from './growth/index.ts';
export { GROWTH_COLUMNS, growthCells, growthMarkdown, verdict } from './growth/report.ts';
export { describe, type Machine, machine } from './machine.ts';
export { comparisonMarkdown } from './markdown.ts';

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
  /** Names of operations that could not be measured. */
  failed: string[];
}

export function operationNames(): { name: string; title: string; terms: string }[] {
  return OPERATIONS.map(({ name, title, terms }) => ({ name, title, terms }));
}

/** Yields the comparisons as they are done; returns what they were made with. */
export async function* bench(options: BenchOptions): AsyncGenerator<Comparison, BenchReport> {
  const { registry, command, rounds, signal, say } = options;
  const operations = chosen(OPERATIONS, options.only ?? [], 'mediamill bench --list');
  const rival = await findRival(options.rival);
  const folder = await mkdtemp(join(tmpdir(), 'mediamill-bench-'));
  try {
    say(`Making media for the measurements with ffmpeg ${rival.version} …`);
    const kinds = kindsFor(operations).filter((kind) => kind !== 'film' || options.input === undefined);
    const made = await makeInputs(kinds, { rival, folder, seconds: options.seconds, signal });
    const inputs = options.input === undefined ? made : { ...made, film: resolve(options.input) };
    const filmed = options.input !== undefined || kinds.includes('film');
    const film = { duration_s: filmed ? await durationOf(rival, inputs.film, signal) : 0 };
    say(`${operations.length} operations, ${rounds} rounds each: ffmpeg, a fresh process, a warm one …`);
    const failures: string[] = [];
    const failed = (name: string, why: string) => {
      failures.push(name);
      say(`${name} could not be measured: ${why}`);
    };
    yield* compareAll(operations, {
      ...{ registry, rival, inputs, film, command, folder, rounds, signal },
      failed,
    });
    if (failures.length === operations.length)
      throw new MillError('engine_failed', `Nothing could be measured: ${failures.join(', ')}.`);
    return { rival: rival.version, film_s: film.duration_s, rounds, failed: failures };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function kindsFor(operations: readonly Operation[]) {
  const used = new Set(
    operations.flatMap(({ ours, uses = [] }) => [...uses, ...ours.map(({ input }) => input)]),
  );
  return INPUT_KINDS.filter((kind) => used.has(kind));
}
