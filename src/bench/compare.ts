/** Pairs each operation with the rival, in turn A B A B, so that a busy minute of the machine hits both. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toMillError } from '../core/errors.ts';
import type { Registry } from '../core/registry.ts';
import type { Cost } from './cost.ts';
import { runCommands } from './cost.ts';
import type { Inputs } from './inputs.ts';
import { median } from './median.ts';
import { type FilmFacts, isFolder, type Operation, type OurJob, type Terms } from './operation.ts';
import { type Ours, startOurs } from './ours.ts';
import { judge, type Quality } from './quality.ts';
import type { Rival } from './rival.ts';

/** Ours over the rival's: below 1 is less. Medians of the rounds' ratios. */
export interface Ratios {
  wall: number;
  cpu: number | null;
  peak: number | null;
}

export interface Comparison {
  name: string;
  title: string;
  terms: Terms;
  /** A fresh process for each job. */
  cold: Ratios;
  /** In a process that is there already. */
  warm: Ratios;
  /** Medians. */
  costs: { rival: Cost; cold: Cost; warm: Cost };
  /** One for each output that both make, or that ours makes alone; the first is the main one. */
  results: readonly [Result, ...Result[]];
  /** What differs between the results and should not. */
  differences: string[];
}

export interface Result {
  output: string;
  /** Null where the rival has no counterpart. */
  rival: Quality | null;
  ours: Quality;
}

export interface ComparisonOptions {
  registry: Registry;
  rival: Rival;
  inputs: Inputs;
  film: FilmFacts;
  /** Starts this program, such as `[node, bin/mediamill.mjs]`. */
  command: readonly string[];
  /** A folder for what is made; emptied after every round. */
  folder: string;
  rounds: number;
  signal: AbortSignal;
  /** Hears of operations that could not be measured; the others go on. */
  failed(name: string, why: string): void;
}

export async function* compareAll(
  operations: readonly Operation[],
  options: ComparisonOptions,
): AsyncGenerator<Comparison> {
  const ours = startOurs({ ...options, familiar: options.inputs.picture });
  try {
    for (const operation of operations) {
      try {
        yield await compareOne(operation, ours, options);
      } catch (error) {
        // What was measured so far has taken its time, and so will what comes.
        if (options.signal.aborted) throw error;
        options.failed(operation.name, toMillError(error).message);
      }
    }
  } finally {
    await ours.close();
  }
}

type Round = Comparison['costs'];

async function compareOne(operation: Operation, ours: Ours, options: ComparisonOptions): Promise<Comparison> {
  const { rival, inputs, film, signal, rounds } = options;
  const done: Round[] = [];
  let results: Result[] = [];
  for (let round = 0; round < rounds; round++) {
    await using place = await workPlace(operation, options.folder);
    const commands = operation.rival(rival, inputs, (output) => join(place.rival, output), film);
    done.push({
      rival: (await runCommands(commands, signal)).cost,
      cold: await ours.cold(operation.ours, inputs, place.cold),
      warm: await ours.warm(operation.ours, inputs, place.warm),
    });
    if (round > 0) continue;
    for (const job of operation.ours) results = [...results, await resultOf(job, place, options)];
  }
  const { name, title, terms } = operation;
  return {
    name,
    title,
    terms,
    cold: ratios(done, 'cold'),
    warm: ratios(done, 'warm'),
    costs: { rival: medians(done, 'rival'), cold: medians(done, 'cold'), warm: medians(done, 'warm') },
    results: results as [Result, ...Result[]],
    differences: results.flatMap((result) => differences(result, film.duration_s)),
  };
}

interface Place {
  rival: string;
  cold: string;
  warm: string;
}

/** Folders for one round; the rival needs the folders of many pictures to be there. */
async function workPlace({ ours }: Operation, folder: string): Promise<Place & AsyncDisposable> {
  const root = await mkdtemp(join(folder, 'round-'));
  const place = { rival: join(root, 'rival'), cold: join(root, 'cold'), warm: join(root, 'warm') };
  const folders = ours
    .filter(({ output }) => isFolder(output))
    .map(({ output }) => join(place.rival, output));
  for (const path of [place.rival, place.cold, place.warm, ...folders]) await mkdir(path);
  return { ...place, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

async function resultOf(
  { output, check, rivalOutput = output }: OurJob,
  place: Place,
  { rival, inputs, signal }: ComparisonOptions,
): Promise<Result> {
  const judged = (file: string) => judge(rival, check, file, inputs.film, signal);
  return {
    output,
    rival: rivalOutput === null ? null : await judged(join(place.rival, rivalOutput)),
    ours: await judged(join(place.warm, output)),
  };
}

/** Audio is padded to whole frames, and mixes end with the last sample: this much is nobody's loss. */
const DURATION_TOLERANCE_S = 0.15;

export function differences({ rival, ours }: Result, duration: number): string[] {
  if (rival === null) return [];
  const found: string[] = [];
  const apart =
    rival.duration_s !== null && ours.duration_s !== null ? Math.abs(rival.duration_s - ours.duration_s) : 0;
  if (apart > DURATION_TOLERANCE_S) found.push(`${apart.toFixed(2)} s apart in length`);
  if (rival.frames !== ours.frames)
    found.push(`${ours.frames} frames against ${rival.frames} in ${duration.toFixed(1)} s`);
  if (rival.pictures !== ours.pictures) found.push(`${ours.pictures} pictures against ${rival.pictures}`);
  const cuts = (quality: Quality) => JSON.stringify(quality.cuts);
  if (cuts(rival) !== cuts(ours)) found.push(`cuts ${cuts(ours)} against ${cuts(rival)}`);
  return found;
}

function ratios(rounds: readonly Round[], side: 'cold' | 'warm'): Ratios {
  const of = (field: keyof Cost) =>
    median(
      rounds.map((round) => {
        const [mine, theirs] = [round[side][field], round.rival[field]];
        return mine === null || theirs === null || theirs === 0 ? null : mine / theirs;
      }),
    );
  return { wall: of('wall_s') ?? Number.NaN, cpu: of('cpu_s'), peak: of('peak_bytes') };
}

function medians(rounds: readonly Round[], side: keyof Round): Cost {
  const of = (field: keyof Cost) => median(rounds.map((round) => round[side][field]));
  return { wall_s: of('wall_s') ?? Number.NaN, cpu_s: of('cpu_s'), peak_bytes: of('peak_bytes') };
}
