/** The bytes of the file. */
import type { Checker } from '../check.ts';

export default [
  {
    name: 'sha256',
    task: 'calculate_sha256',
    applies: () => true,
    async run(context) {
      const { data } = await context.run('calculate_sha256');
      context.equal('hash', data.hash, context.entry.sha256);
      context.equal('size_bytes', data.size_bytes, context.entry.size);
      context.note(`${context.entry.size} bytes`);
    },
  },
] satisfies Checker[];
