/** What the server adds to an explanation: a look at the sources, and the history of the queue. */
import { z } from 'zod';
import { type Explanation, explain, type Look, sourceOf } from '../core/explain/explain.ts';
import type { PastJob } from '../core/explain/predict.ts';
import { READINGS } from '../core/job-plan.ts';
import type { StepJob } from '../core/recipe/steps.ts';
import type { JobRecord } from '../queue/port.ts';
import type { Context } from './context.ts';
import { jobPlanSchema } from './schemas.ts';

/** Finished jobs of a task that predictions are learned from: the newest. */
const HISTORY = 100;

const predicted = z
  .object({
    size_bytes: z.number().nullable().describe('Of the output.'),
    duration_s: z.number().nullable().describe('Seconds it will run, alone.'),
    memory_bytes: z.number().nullable().describe('Most resident memory.'),
    from_runs: z.number().describe('Finished jobs of this task that it was learned from; medians.'),
  })
  .nullable()
  .describe('Null with fewer than three finished jobs of this task.');

export const planAnswerSchema = z
  .object({
    source: z
      .object({
        name: z.string(),
        size_bytes: z.number().nullable(),
        duration_s: z.number().nullable(),
        summary: z.string(),
      })
      .nullable(),
    passes: z
      .array(
        z.object({
          reads: z.enum(READINGS),
          from: z.string().describe('`source`, or the step whose output is read.'),
          decoded_share: z
            .number()
            .nullable()
            .describe(
              '0 to 1: largest share of the frames of any stream. Null: known when the step before is done.',
            ),
          decoded: z.array(
            z.object({
              stream: z.number(),
              kind: z.enum(['video', 'audio']),
              codec: z.string().nullable(),
              share: z.number(),
            }),
          ),
          steps: z.array(z.string()).describe('What is done in this pass.'),
        }),
      )
      .describe('In the order of their first steps.'),
    steps: z.array(
      z.object({
        id: z.string(),
        task: z.string(),
        from: z.string(),
        output: z
          .string()
          .nullable()
          .describe(
            'Path of what it writes; without an output_path the name in the folder of the run, null for a task.',
          ),
        plan: jobPlanSchema
          .nullable()
          .describe('Null when it is known only with what an earlier step makes, or the step cannot work.'),
        more: z.boolean().describe('It goes over the source again, in ways that depend on what it finds.'),
        predicted,
        warnings: z.array(z.string()),
        problem: z
          .object({ code: z.string(), title: z.string(), detail: z.string(), next: z.string() })
          .nullable()
          .describe('Why it would fail on this source.'),
      }),
    ),
    warnings: z.array(z.string()).describe('About the source.'),
  })
  .meta({ id: 'PlanAnswer' });

export async function explainStored(
  { registry, storage, previews, queue }: Pick<Context, 'registry' | 'storage' | 'previews' | 'queue'>,
  steps: readonly StepJob[],
): Promise<Explanation> {
  const looks = new Map<string, Look>();
  for (const step of steps) {
    const path = step.after === null ? sourceOf(step, registry.get(step.task), registry) : null;
    if (path === null || looks.has(path)) continue;
    const look = await lookAt({ storage, previews }, path);
    if (look) looks.set(path, look);
  }
  const past = new Map<string, PastJob[]>();
  for (const task of new Set(steps.map((step) => step.task))) {
    const { jobs } = await queue.list({ task, status: ['finished'], limit: HISTORY });
    past.set(task, jobs.map(pastJob));
  }
  return explain(steps, { registry, looks, history: (task) => past.get(task) ?? [] });
}

async function lookAt(
  { storage, previews }: Pick<Context, 'storage' | 'previews'>,
  path: string,
): Promise<Look | null> {
  const found = await storage.stat(path);
  if (!found) return null;
  const { name, size_bytes } = found;
  if (found.kind !== 'file') return { name, size_bytes, facts: null, problem: null, warnings: [] };
  return { name, size_bytes, ...(await previews.look(path)) };
}

function pastJob({ params, plan, result, run }: JobRecord): PastJob {
  const metrics: Partial<Record<string, number>> = result?.metrics ?? {};
  const { duration_ms, input_size_bytes, output_size_bytes, peak_memory_bytes } = metrics;
  const size = /(\d+)×(\d+)/.exec(plan?.source ?? '');
  return {
    params,
    source_s: plan?.duration_s ?? null,
    pixels: size ? Number(size[1]) * Number(size[2]) : null,
    input_bytes: input_size_bytes ?? null,
    output_bytes: output_size_bytes ?? null,
    took_s: duration_ms === undefined ? null : duration_ms / 1000,
    memory_bytes: peak_memory_bytes ?? null,
    shared: run !== null && run.pass !== null,
  };
}
