/** Files that are not said to be broken are whole: every stream decodes, and nothing is missing at the end. */
import type { Checker } from '../check.ts';
import { audioStreams, type Entry, isVideo } from '../manifest.ts';

const isMedia = (entry: Entry) => isVideo(entry) || audioStreams(entry).length > 0;

export default [
  {
    name: 'valid',
    task: 'verify_file_integrity',
    applies: (entry) => entry.expect === undefined && isMedia(entry),
    async run(context) {
      const { data } = await context.run('verify_file_integrity', {
        file_type: isVideo(context.entry) ? 'video' : 'audio',
      });
      context.equal('problems', data.problems, []);
      context.equal('valid', data.valid, true);
      const streams = data.streams as { frames: number }[];
      context.note(`${streams.map(({ frames }) => frames).join(' + ')} frames`);
    },
  },
  {
    name: 'decodes',
    task: 'validate_format_compliance',
    applies: (entry) => entry.expect === undefined && isMedia(entry),
    async run(context) {
      const { data } = await context.run('validate_format_compliance');
      const checks = data.checks as { name: string; passed: boolean; detail: string }[];
      // Whether a file in the wild keeps to the letter of its format is for it to say; that it can be read is not.
      for (const name of ['kind', 'timestamps', 'complete', 'decodes']) {
        const check = checks.find((one) => one.name === name);
        if (!check?.passed) context.problem(`${name}: ${check?.detail ?? 'no such check'}`);
      }
      const failed = checks.filter(({ passed }) => !passed).map(({ name }) => name);
      context.note(failed.length > 0 ? `not compliant: ${failed.join(', ')}` : 'compliant');
    },
  },
] satisfies Checker[];
