/** Files that must fail: every media job says clearly why, and leaves nothing behind. */
import { isMediaJob } from '../../../src/core/job.ts';
import { jobs } from '../../../src/jobs/index.gen.ts';
import type { Checker } from '../check.ts';

/** Codes that say "the file is at fault". */
const CLEAR = ['unsupported_media', 'corrupt_media'];

/** A verdict job may finish with its verdict. */
const VERDICTS: Record<string, string> = {
  verify_file_integrity: 'valid',
  validate_format_compliance: 'compliant',
};

/** Jobs that read further files get the broken one there too. */
const SECOND_INPUTS: Record<string, (path: string) => Record<string, unknown>> = {
  apply_watermark: (path) => ({ watermark_path: path }),
  mix_audio_tracks: (path) => ({ input_files: [path, path] }),
};

export default jobs.filter(isMediaJob).map(
  (job): Checker => ({
    name: 'expect: clean failure',
    task: job.name,
    applies: ({ expect }) => expect !== undefined && /failure/.test(expect),
    async run({ caller, entry, problem, note, equal }) {
      const result = await caller.call(job.name, entry.path, SECOND_INPUTS[job.name]?.(entry.path));
      if (result.ok) {
        const verdict = VERDICTS[job.name];
        if (!verdict) return problem('the job finished');
        return equal(verdict, result.data[verdict], false);
      }
      const { code, detail } = result.failure;
      if (!CLEAR.includes(code)) problem(`the code is ${code}`);
      if (/names the input/.test(entry.expect ?? '') && !detail.includes(entry.file))
        problem(`the error does not name the input: ${detail}`);
      if (result.leftovers.length > 0) problem(`there is output: ${result.leftovers.join(', ')}`);
      note(`${code}: ${detail}`);
    },
  }),
) satisfies Checker[];
