/** What is measured: jobs of ours, and the commands a person would give to the rival for the same. */
import type { InputKind, Inputs } from './inputs.ts';
import type { Rival } from './rival.ts';

/**
 * How the two are comparable.
 * - `same settings`: same encoder, same settings, same result.
 * - `same result`: the same result, found in different ways.
 * - `defaults`: each by its own defaults; size and quality stand beside the figures.
 */
export type Terms = 'same settings' | 'same result' | 'defaults';

/**
 * How results are compared: as films frame by frame with the source, or by number of frames where the source is
 * meant to look different; as sets of pictures, as lists of cuts, as sounds by length.
 */
export type Check = 'film' | 'frames' | 'pictures' | 'cuts' | 'sound' | 'none';

export interface OurJob {
  task: string;
  /** Null for a task that takes none. */
  input: InputKind | null;
  params(inputs: Inputs): Record<string, unknown>;
  /** Name of the output, such as `film.mp4`, or of the folder. */
  output: string;
  check: Check;
  /** Name of the rival's output; default as ours. Null: it makes none that could be compared. */
  rivalOutput?: string | null;
}

export interface Operation {
  name: string;
  title: string;
  terms: Terms;
  /** Several are a recipe: they read the same input, which is read once for all of them. */
  ours: readonly [OurJob, ...OurJob[]];
  /** What the commands of the rival read beside the inputs of our jobs. */
  uses?: readonly InputKind[];
  /** The rival's commands, run one after another. `at` is where an output of this name belongs; folders exist. */
  rival(rival: Rival, inputs: Inputs, at: (output: string) => string, film: FilmFacts): string[][];
}

export interface FilmFacts {
  duration_s: number;
}

/** Parameters of a job that takes all defaults. */
export const none = () => ({});

export const isFolder = (output: string): boolean => !output.includes('.');
