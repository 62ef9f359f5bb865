import { z } from 'zod';
import { defineJob } from '../../core/job.ts';
import { plural } from '../../core/plural.ts';

/** More numbers than this make no page readable. */
const MAX_METRICS = 100;

export default defineJob({
  name: 'report_metrics',
  title: 'Report metrics',
  description: 'Stores numbers with another job, where its page shows them and Prometheus finds them.',
  group: 'binary',
  params: z.object({
    job_id: z.string().min(1).max(200).meta({ description: 'The job the numbers belong to.' }),
    metrics: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'must be letters, digits and underscores'),
        z.number(),
      )
      .refine((metrics) => Object.keys(metrics).length > 0, 'must hold at least one number')
      .refine(
        (metrics) => Object.keys(metrics).length <= MAX_METRICS,
        `must hold at most ${MAX_METRICS} numbers`,
      )
      .meta({
        description: `Numbers by name, at most ${MAX_METRICS}; names are letters, digits and underscores. A later report replaces numbers of the same name.`,
        examples: [{ vmaf: 94.2 }],
      }),
  }),
  input: { kind: 'none' },
  output: { kind: 'none', extensions: [] },
  queueOnly: true,
  example: {
    params: { job_id: '0198c7a2-5c1e-7f3a-9d1b-2f6f5d0e4c11', metrics: { vmaf: 94.2 } },
    result: { job_id: '0198c7a2-5c1e-7f3a-9d1b-2f6f5d0e4c11', metrics: { vmaf: 94.2 } },
  },

  async run(_context, { job_id, metrics }) {
    return {
      message: `${plural(Object.keys(metrics).length, 'number')} stored with ${job_id}`,
      data: { job_id, metrics },
      errands: [{ kind: 'report_metrics', job_id, metrics }],
    };
  },
});
