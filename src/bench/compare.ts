/** Pairs each operation with the rival, in turn A B A B, so that a busy minute of the machine hits both. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Registry } from '../core/registry.ts';
import type { Cost } from './cost.ts';
import { runCommands } from './cost.ts';
import type { Inputs } from './inputs.ts';
import type { FilmFacts, Operation, Terms } from './operations.ts';
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
  quality: { rival: Quality; ours: Quality };
  /** What differs between the results and should not. */
  differences: string[];
}

export interface ComparisonOptions {
  registry: Registry;
  rival: Rival;
  inputs: Inputs;
  film: FilmFacts;
  /** Starts this program. */
  command: readonly string[];
  /** A folder for what is made; emptied after every run. */
  folder: string;
  rounds: number;
  signal: AbortSignal;
}

export async function* compareAll(
  operations: readonly Operation[],
  options: ComparisonOptions,
): AsyncGenerator<Comparison> {
  const ours = startOurs(options.registry, options.command, options.signal);
  try {
    for (const operation of operations) yield await compareOne(operation, ours, options);
  } finally {
    await ours.close();
  }
}

type Round = Comparison['costs'];

async function compareOne(operation: Operation, ours: Ours, options: ComparisonOptions): Promise<Comparison> {
  const { rival, inputs, film, signal, rounds } = options;
  const runRival = (made: string) => runCommands(operation.rival(rival, inputs, made, film), signal);
  const done: Round[] = [];
  let quality: Comparison['quality'] | null = null;
  for (let round = 0; round < rounds; round++) {
    await using place = await workPlace(operation, options.folder);
    done.push({
      rival: (await runRival(place.rival)).cost,
      cold: await ours.cold(operation, inputs, place.cold),
      warm: await ours.warm(operation, inputs, place.warm),
    });
    quality ??= {
      rival: await judge(rival, operation.check, place.rival, inputs.film, signal),
      ours: await judge(rival, operation.check, join(place.warm, operation.ours.output), inputs.film, signal),
    };
  }
  const { name, title, terms } = operation;
  const judged = quality as Comparison['quality'];
  return {
    name,
    title,
    terms,
    cold: ratios(done, 'cold'),
    warm: ratios(done, 'warm'),
    costs: { rival: medians(done, 'rival'), cold: medians(done, 'cold'), warm: medians(done, 'warm') },
    quality: judged,
    differences: differences(judged, film.duration_s),
  };
}

/** Folders for one round; the rival needs the folder of many pictures to be there. */
async function workPlace({ ours, rivalOutput }: Operation, folder: string) {
  const root = await mkdtemp(join(folder, 'round-'));
  const rival = join(root, rivalOutput ?? ours.output);
  const [cold, warm] = [join(root, 'cold'), join(root, 'warm')];
  await Promise.all([cold, warm].map((path) => mkdir(path)));
  if (!ours.output.includes('.')) await mkdir(rival);
  return {
    rival,
    cold,
    warm,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** Audio is padded to whole frames, and mixes end with the last sample: this much is nobody's loss. */
const DURATION_TOLERANCE_S = 0.15;

function differences({ rival, ours }: Comparison['quality'], duration: number): string[] {
  const found: string[] = [];
  const apart =
    rival.duration_s !== null && ours.duration_s !== null ? Math.abs(rival.duration_s - ours.duration_s) : 0;
  if (apart > DURATION_TOLERANCE_S) found.push(`${apart.toFixed(2)} s apart in length`);
  if (rival.count !== ours.count && rival.xpsnr_db !== null)
    found.push(`${ours.count} frames against ${rival.count} in ${duration.toFixed(1)} s`);
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

/** The middle one, or the mean of the two in the middle; null as soon as one is not known. */
export function median(values: readonly (number | null)[]): number | null {
  if (values.length === 0 || values.some((value) => value === null)) return null;
  const sorted = (values as number[]).toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1] ?? 0, sorted[middle] ?? 0];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
