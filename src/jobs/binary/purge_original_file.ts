import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { defineJob } from '../../core/job.ts';

export default defineJob({
  name: 'purge_original_file',
  title: 'Delete original',
  description:
    'Deletes the input file. Folders, links that lead out of the storage, and files that another waiting or running job still needs are refused.',
  group: 'binary',
  params: z.object({}),
  input: { kind: 'file' },
  output: { kind: 'none', extensions: [] },
  example: {
    input_path: '/data/input/video.mp4',
    params: {},
    result: { deleted: true, size_bytes: 44272, path: '/data/input/video.mp4' },
  },

  async run({ input }) {
    const stats = input === null ? null : await stat(input).catch(() => null);
    if (!stats?.isFile()) throw new MillError('input_not_found', 'There is no such file to delete.');
    return {
      message: 'The original was deleted',
      data: { deleted: true, size_bytes: stats.size },
      errands: [{ kind: 'purge_input' }],
    };
  },
});
