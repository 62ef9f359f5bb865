import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import type { App, Context } from '../context.ts';
import { fieldError, readForm } from '../form.ts';
import { originOf } from '../request-tracer.ts';
import { acceptedSchema, failures } from '../schemas.ts';
import {
  batchSubmissionSchema,
  jobOptions,
  MAX_BATCH,
  type SubmitPorts,
  submissionSchema,
  submitJobs,
} from '../submit.ts';
import { discardUpload } from '../uploads.ts';
import { acceptAnyBody, invalidRequest } from '../validation.ts';

const batch = z.strictObject({ jobs: z.array(batchSubmissionSchema).min(1).max(MAX_BATCH) });

const PROCESS_FIELDS = ['file', 'task', 'params', 'output_path', ...Object.keys(jobOptions)];
/** Fields of a form whose text is JSON. */
const JSON_FIELDS = ['params', 'depends_on'];
const NUMBER_FIELDS = ['priority', 'delay_ms', 'attempts', 'timeout_seconds'];

const processForm = submissionSchema.omit({ input_path: true }).extend({
  file: z
    .string()
    .optional()
    .meta({ format: 'binary', description: 'The file; tasks without input take none.' }),
  params: z.string().optional().describe('JSON object; default none.'),
});

export function submissionRoutes(app: App, context: Context): void {
  const { queue, registry, storage, config } = context;
  const ports: SubmitPorts = {
    queue,
    registry,
    storage,
    attempts: config.queue.attempts,
    webhookAllow: config.network.allow,
  };
  const { files } = context.security;

  app.post(
    '/api/enqueue',
    {
      schema: {
        tags: ['Jobs'],
        summary: 'Enqueue a job',
        description: 'The job is durable when this answers.',
        body: submissionSchema,
        response: { 200: acceptedSchema, ...failures },
      },
    },
    async (request) => {
      const [job] = await submitJobs(
        { ...ports, origin: originOf(request), access: { caller: request.caller, files } },
        [request.body],
      );
      if (!job) throw new MillError('internal', 'The queue stored no job.');
      return { job_id: job.id, status: job.status };
    },
  );

  app.post(
    '/api/enqueue/batch',
    {
      schema: {
        tags: ['Jobs'],
        summary: 'Enqueue many jobs',
        description: `All or none, up to ${MAX_BATCH}. The answer has them in the same order. Jobs may wait for each other: give one a ref, and name it in depends_on of another, in any order.`,
        body: batch,
        response: { 200: z.object({ jobs: z.array(acceptedSchema) }), ...failures },
      },
    },
    async (request) => {
      const jobs = await submitJobs(
        { ...ports, origin: originOf(request), access: { caller: request.caller, files } },
        request.body.jobs,
      );
      return { jobs: jobs.map(({ id, status }) => ({ job_id: id, status })) };
    },
  );

  app.post(
    '/api/process',
    {
      validatorCompiler: acceptAnyBody,
      schema: {
        tags: ['Jobs'],
        summary: 'Upload a file and enqueue a job on it',
        consumes: ['multipart/form-data'],
        body: processForm,
        response: {
          200: acceptedSchema.extend({
            input_path: z.string().nullable(),
            output_path: z.string().nullable(),
          }),
          ...failures,
        },
      },
    },
    async (request) => {
      const form = await readForm(request, context, PROCESS_FIELDS, (fields) =>
        refuseHopeless(registry, fields),
      );
      const { upload } = form;
      try {
        if (upload) refuseHopeless(registry, form.fields);
        const submission = toSubmission({ ...form.fields, input_path: upload?.path });
        const [job] = await submitJobs(
          { ...ports, origin: originOf(request), access: { caller: request.caller, files } },
          [submission],
          upload?.file_id,
        );
        if (!job) throw new MillError('internal', 'The queue stored no job.');
        // The idempotency key named an earlier job, which has its own copy.
        if (upload && job.input_path !== upload.path) await discardUpload(context, upload);
        const { id, status, input_path, output_path } = job;
        return { job_id: id, status, input_path, output_path };
      } catch (error) {
        if (upload) await discardUpload(context, upload);
        throw error;
      }
    },
  );
}

/** Before gigabytes come in: is there such a task, does it take a file, and are these its params? */
function refuseHopeless(registry: Context['registry'], fields: Record<string, unknown>): void {
  if (typeof fields.task !== 'string') return;
  if (registry.get(fields.task).input.kind === 'none')
    throw fieldError('file', `is not taken by ${fields.task}`);
  if (fields.params !== undefined) registry.check(fields.task, readJson('params', fields.params));
}

function toSubmission(fields: Record<string, unknown>) {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === '' && name !== 'task') continue;
    if (JSON_FIELDS.includes(name)) values[name] = readJson(name, value);
    else values[name] = NUMBER_FIELDS.includes(name) ? readNumber(value) : value;
  }
  const result = submissionSchema.safeParse(values);
  if (!result.success) throw invalidRequest(submissionSchema, result.error);
  return result.data;
}

/** A part that says it is JSON comes parsed already. */
function readJson(field: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (value.trim() === '') return undefined;
  try {
    return JSON.parse(value);
  } catch {
    throw fieldError(field, 'is not valid JSON');
  }
}

/** What is no number is left for the schema to complain about. */
function readNumber(value: unknown): unknown {
  const number = Number(value);
  return Number.isNaN(number) ? value : number;
}
