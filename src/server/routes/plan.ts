import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import type { StepJob } from '../../core/recipe/steps.ts';
import type { App, Context } from '../context.ts';
import { explainStored, planAnswerSchema } from '../plan-answer.ts';
import { prepareRun, runRequestSchema, uncheckedRunRequest } from '../recipe-run.ts';
import { failures } from '../schemas.ts';
import { prepareJob, submissionSchema } from '../submit.ts';
import { validatorCompiler } from '../validation.ts';

const { task, params } = submissionSchema.shape;
const { recipe, input_path, output_path } = runRequestSchema.shape;
const planRequest = z
  .strictObject({
    task: task.optional(),
    params,
    recipe: recipe.optional(),
    input_path,
    output_path: output_path.describe(
      'Of a task the output, of a recipe the folder; default as when it is run.',
    ),
  })
  .meta({ id: 'PlanRequest' });
/** What is wrong with a recipe is told as by lint. */
const uncheckedRequest = planRequest.extend({ recipe: z.unknown().optional() });

export function planRoutes(app: App, context: Context): void {
  const { queue, registry, storage, recipes, config, security } = context;

  app.post(
    '/api/plan',
    {
      config: { access: 'read' },
      validatorCompiler: () => validatorCompiler({ schema: uncheckedRequest } as never),
      schema: {
        tags: ['Recipes'],
        summary: 'How a task or a recipe would be done',
        description:
          'What is read, decoded, scaled, encoded and copied, which steps share a pass, what it will take by what such jobs took here before, and warnings. Nothing is queued; the headers of the source are looked at.',
        body: planRequest,
        response: { 200: planAnswerSchema, ...failures },
      },
    },
    async ({ body, caller }) => {
      const ports = {
        registry,
        storage,
        recipes,
        queue,
        attempts: config.queue.attempts,
        access: { caller, files: security.files },
      };
      const explanation = await explainStored(context, await stepsOf(body, ports));
      if (body.output_path) return explanation;
      // The folder, and the name of a task's output, get an id of their own when it is run.
      const named = (output: string | null) => output?.split('/').at(-1) ?? null;
      const steps = explanation.steps.map((step) => ({
        ...step,
        output: body.recipe === undefined ? null : named(step.output),
      }));
      return { ...explanation, steps };
    },
  );
}

/** Everything is checked as if it were run. */
async function stepsOf(
  { task, params, recipe, ...paths }: z.output<typeof planRequest>,
  ports: Parameters<typeof prepareRun>[0],
): Promise<StepJob[]> {
  if ((task === undefined) === (recipe === undefined)) {
    throw new MillError('invalid_request', 'Give either a task or a recipe.', { facts: { field: 'task' } });
  }
  if (recipe !== undefined) {
    const { steps, jobs } = await prepareRun(ports, uncheckedRunRequest.parse({ recipe, ...paths }));
    // With what the checks have made of it, such as references to files as paths.
    return steps.map((step, index) => ({ ...step, params: jobs[index]?.params ?? step.params }));
  }
  const job = await prepareJob(ports, { task: task ?? '', params, ...paths });
  return [
    {
      id: job.task,
      task: job.task,
      params: job.params,
      input: job.input_path,
      output: job.output_path,
      after: null,
    },
  ];
}
