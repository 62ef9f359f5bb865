import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { defineJob } from '../../core/job.ts';
import { complianceChecks } from '../planning/compliance.ts';
import { kindOf, verdictOf } from '../planning/verdict.ts';

export default defineJob({
  name: 'validate_format_compliance',
  title: 'Validate format',
  description:
    'Checks that a video or sound file keeps to its format: extension, container and codecs belong together, the index is there, timestamps rise, durations agree, nothing is missing, and everything decodes from start to end.',
  group: 'binary',
  params: z.object({
    format: z.enum(['video', 'audio']).optional().meta({
      description: 'What the file must be. Default: what it is.',
    }),
    fail_on_invalid: z.boolean().default(false).meta({
      description: 'Fail the job when a check fails, so that a chain stops here.',
    }),
  }),
  input: { kind: 'media' },
  output: { kind: 'file', extensions: ['.json'] },
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/compliance.json',
    params: { format: 'video' },
    result: {
      compliant: true,
      format: 'video',
      container: 'mov,mp4,m4a,3gp,3g2,mj2',
      checks: [
        { name: 'kind', passed: true, detail: 'The file is what was asked for.' },
        { name: 'extension', passed: true, detail: '.mp4 goes with MP4 or QuickTime.' },
      ],
    },
  },

  plan: () => ({ inputs: [], outputs: [{ kind: 'verify' }] }),

  report(results, source, { format, fail_on_invalid }) {
    const checks = complianceChecks(source, verdictOf(results), format ?? 'auto');
    const failed = checks.filter(({ passed }) => !passed);
    const data = {
      compliant: failed.length === 0,
      format: kindOf(source),
      container: source.format.name,
      checks,
    };
    if (!data.compliant && fail_on_invalid) {
      const what = failed.map(({ name, detail }) => `${name}: ${detail}`).join(' ');
      throw new MillError('not_compliant', `${source.name} does not comply. ${what}`, { facts: data });
    }
    return {
      message: data.compliant
        ? `Compliant: all ${checks.length} checks passed.`
        : `Not compliant: ${failed.map(({ name }) => name).join(', ')}.`,
      data,
      document: data,
    };
  },
});
