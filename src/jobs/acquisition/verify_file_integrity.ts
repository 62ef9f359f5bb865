import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { defineJob } from '../../core/job.ts';
import { secondsText } from '../planning/describe.ts';
import { cuts, damage, kindOf, verdictOf, wrongKind } from '../planning/verdict.ts';

export default defineJob({
  name: 'verify_file_integrity',
  title: 'Verify integrity',
  description:
    'Decodes a video or sound file from start to end and tells what is damaged or missing. A file that was cut short is not valid. Files that are no media at all fail the job.',
  group: 'acquisition',
  params: z.object({
    file_type: z.enum(['auto', 'video', 'audio']).default('auto').meta({
      description: 'What the file must be; `auto` takes either. Sound with a cover picture is audio.',
    }),
    fail_on_invalid: z.boolean().default(false).meta({
      description: 'Fail the job when the file is not valid, so that a chain stops here.',
    }),
  }),
  input: { kind: 'media' },
  output: { kind: 'file', extensions: ['.json'] },
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/integrity.json',
    params: { file_type: 'video' },
    result: {
      valid: true,
      file_type: 'video',
      duration_s: 1.2,
      streams: [
        {
          index: 0,
          kind: 'video',
          codec: 'h264',
          decoded: true,
          packets: 30,
          frames: 30,
          errors: 0,
          first_error_at_s: null,
          missing_tail_s: 0,
          holes_s: 0,
          first_hole_at_s: null,
        },
        {
          index: 1,
          kind: 'audio',
          codec: 'aac',
          decoded: true,
          packets: 58,
          frames: 57,
          errors: 0,
          first_error_at_s: null,
          missing_tail_s: 0,
          holes_s: 0,
          first_hole_at_s: null,
        },
      ],
      problems: [],
    },
  },

  plan: () => ({ inputs: [], outputs: [{ kind: 'verify' }] }),

  report(results, source, { file_type, fail_on_invalid }) {
    const verdict = verdictOf(results);
    const wrong = wrongKind(source, file_type);
    const problems = [...(wrong ? [wrong] : []), ...cuts(source, verdict), ...damage(verdict)];
    const data = {
      valid: problems.length === 0,
      file_type: kindOf(source),
      duration_s: verdict.found_s,
      streams: verdict.streams.map(({ found_s: _f, out_of_order: _o, ...stream }) => stream),
      problems,
    };
    if (!data.valid && fail_on_invalid)
      throw new MillError('integrity_failed', `${source.name} is not valid: ${problems.join(' ')}`, {
        facts: data,
      });
    const frames = verdict.streams.reduce((sum, stream) => sum + stream.frames, 0);
    return {
      message: data.valid
        ? `Valid: ${secondsText(verdict.found_s)}, ${frames} frames decoded without damage.`
        : `Not valid: ${problems[0]}`,
      data,
      document: data,
      warnings: verdict.warnings,
    };
  },
});
