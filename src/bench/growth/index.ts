/** What each task costs by the minute of its input, from seconds to hours: that should not rise. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Registry } from '../../core/registry.ts';
import { type ChildHost, createChildHost } from '../../runner/child-host.ts';
import { runOnce, runOnceTogether } from '../../runner/run-once.ts';
import { chosen } from '../chosen.ts';
import { type Cost, costOf } from '../cost.ts';
import { median } from '../median.ts';
import { findRival } from '../rival.ts';
import { type Growing, growing, type Point } from './judgement.ts';
import { type LongInputs, startClipMaker } from './long-inputs.ts';
import { SUBJECTS, type Subject } from './subjects.ts';

export interface GrowthOptions {
  registry: Registry;
  /** Names of subjects; default all. */
  only?: readonly string[];
  /** Seconds of the inputs. */
  lengths: readonly number[];
  /** Path of an ffmpeg that makes the inputs; default the one on the PATH. */
  rival?: string;
  signal: AbortSignal;
  say(sentence: string): void;
}

export interface Growth {
  name: string;
  task: string;
  /** By rising length. */
  points: Point[];
  /** What grows more than the length of the input; null when there are not two lengths of a minute or more. */
  grows: Growing[] | null;
}

/** Short jobs are repeated until they have taken this long together, … */
const ENOUGH_S = 1;
/** … or were done so many times. The median counts. */
const MOST_TIMES = 5;

export function subjectNames(): { name: string; task: string }[] {
  return SUBJECTS.map(({ name, task }) => ({ name, task }));
}

export async function* growth(options: GrowthOptions): AsyncGenerator<Growth, void> {
  const { signal, say } = options;
  const subjects = chosen(SUBJECTS, options.only ?? [], 'mediamill bench --growth --list');
  const lengths = options.lengths.toSorted((a, b) => a - b);
  const rival = await findRival(options.rival);
  const folder = await mkdtemp(join(tmpdir(), 'mediamill-growth-'));
  try {
    say(`Making inputs of ${lengths.join(', ')} s with ffmpeg ${rival.version} …`);
    const maker = await startClipMaker(rival, folder, signal);
    const inputs: [number, LongInputs][] = [];
    for (const length of lengths) inputs.push([length, await maker.ofLength(length)]);
    for (const subject of subjects) {
      const points: Point[] = [];
      for (const [length_s, files] of inputs) {
        signal.throwIfAborted();
        points.push({ length_s, ...(await measure(subject, files, folder, options)) });
      }
      yield { name: subject.name, task: subject.task, points, grows: growing(points) };
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In a child that is warm, and has done nothing else: what it kept of another job would hide what this one takes. */
async function measure(
  subject: Subject,
  files: LongInputs,
  folder: string,
  { registry, signal }: GrowthOptions,
): Promise<Cost> {
  const host: ChildHost = createChildHost();
  const place = join(folder, 'made');
  const input = subject.input === null ? null : files[subject.input];
  const jobs = (into: string) =>
    [subject, ...(subject.and ?? [])].map(({ task, params, output }) => {
      return { registry, signal, task, input, params: params?.(files) ?? {}, output: join(into, output) };
    });
  const costs: Cost[] = [];
  try {
    const familiar = { task: 'probe_media_file', input: files.picture, output: null };
    await runOnce({ registry, host, signal, ...familiar });
    while (
      host.pid !== null &&
      costs.length < MOST_TIMES &&
      sum(costs.map(({ wall_s }) => wall_s)) < ENOUGH_S
    ) {
      await mkdir(place);
      costs.push(
        await costOf(
          () => host.pid,
          () => Promise.all(runOnceTogether(jobs(place), host)),
        ),
      );
      await rm(place, { recursive: true });
    }
  } finally {
    await host.close();
    await rm(place, { recursive: true, force: true });
  }
  const of = (field: keyof Cost) => median(costs.map((cost) => cost[field]));
  return { wall_s: of('wall_s') ?? Number.NaN, cpu_s: of('cpu_s'), peak_bytes: of('peak_bytes') };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
