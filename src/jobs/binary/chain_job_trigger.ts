import { z } from 'zod';
import { defineJob } from '../../core/job.ts';

export default defineJob({
  name: 'chain_job_trigger',
  title: 'Start next job',
  description:
    "Enqueues another job, exactly once. Its input is next_input, else this job's own input, else the output of the job this one waited for (depends_on). Chains deeper than 64 are refused.",
  group: 'binary',
  params: z.object({
    next_task: z
      .string()
      .min(1)
      .max(100)
      .meta({ description: 'Task of the next job.', examples: ['resize_to_720p'] }),
    next_output: z
      .string()
      .min(1)
      .max(4096)
      .meta({ description: 'Output path of the next job.', examples: ['/data/output/next.mp4'] }),
    next_params: z
      .record(z.string(), z.unknown())
      .default({})
      .meta({ description: 'Parameters of the next job.' }),
    next_input: z.string().min(1).max(4096).optional().meta({
      description: "Input path of the next job. Default: this job's input; in a chain, the parent's output.",
    }),
  }),
  input: { kind: 'file_or_directory', optional: true },
  output: { kind: 'none', extensions: [] },
  queueOnly: true,
  example: {
    input_path: '/data/input/video.mp4',
    params: {
      next_task: 'resize_to_720p',
      next_output: '/data/output/video_720p.mp4',
      next_params: { height: 720 },
    },
    result: {
      next_task: 'resize_to_720p',
      next_output: '/data/output/video_720p.mp4',
      next_job_id: '01a203c2-0f7e-7c41-93ad-794e444f684d',
      next_input: '/data/input/video.mp4',
    },
  },

  async run(_context, { next_task, next_output, next_params, next_input }) {
    return {
      message: `Started ${next_task}`,
      data: { next_task, next_output },
      errands: [
        {
          kind: 'enqueue',
          task: next_task,
          input_path: next_input ?? null,
          output_path: next_output,
          params: next_params,
        },
      ],
    };
  },
});
