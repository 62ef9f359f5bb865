/** How work on the caller's own files would be done: no queue, no server, and so no history. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Config } from '../core/config.ts';
import { MillError, toMillError } from '../core/errors.ts';
import { type Explanation, explain, type Look, sourceOf } from '../core/explain/explain.ts';
import type { SourceFacts } from '../core/facts.ts';
import type { AnyJob } from '../core/job.ts';
import { isMediaJob } from '../core/job.ts';
import type { StepJob } from '../core/recipe/steps.ts';
import { runHere } from './here.ts';
import { composeRegistry } from './registry.ts';

export interface ExplainHereOptions {
  config: Config;
  signal?: AbortSignal;
}

/** Looks at the headers of the sources, in a job process. Throws `input_not_found`. */
export async function explainHere(
  steps: readonly StepJob[],
  options: ExplainHereOptions,
): Promise<Explanation> {
  const registry = await composeRegistry();
  const looks = new Map<string, Look>();
  for (const step of steps) {
    registry.check(step.task, step.params);
    const path = step.after === null ? sourceOf(step, registry.get(step.task), registry) : null;
    if (path === null || looks.has(path)) continue;
    const media = steps.some(({ task }) => opensMedia(registry.get(task)));
    looks.set(path, await lookAt(path, media, options));
  }
  return explain(steps, { registry, looks, history: () => [] });
}

function opensMedia(job: AnyJob): boolean {
  return isMediaJob(job) || job.input.needs !== undefined;
}

async function lookAt(path: string, media: boolean, options: ExplainHereOptions): Promise<Look> {
  const stats = await stat(path).catch(() => null);
  if (!stats) throw new MillError('input_not_found', `There is no file "${path}".`);
  const known = { name: basename(path), size_bytes: stats.isFile() ? stats.size : null };
  const nothing = { ...known, facts: null, problem: null, warnings: [] };
  if (!media || !stats.isFile()) return nothing;
  try {
    const request = { task: 'probe_media_file', input_path: path, output_path: null, params: {} };
    const { data, warnings } = await runHere(request, options);
    return { ...known, facts: data as unknown as SourceFacts, problem: null, warnings };
  } catch (error) {
    const failure = toMillError(error);
    if (failure.code === 'canceled') throw failure;
    return { ...nothing, problem: failure.toFailure() };
  }
}
