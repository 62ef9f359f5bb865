import { z } from 'zod';
import { defineJob } from '../../core/job.ts';
import { sanitizeFileName } from '../files/file-name.ts';

/** Far beyond any real name; keeps absurd input out of the result. */
const MAX_CHARACTERS = 16_384;

export default defineJob({
  name: 'sanitize_filename',
  title: 'Sanitize a file name',
  description:
    'Makes a name that is safe on every system: no separators, control, invisible or bidirectional characters, no reserved Windows names, no leading dash, Unicode NFC, at most 255 bytes with the extension kept. Renames nothing.',
  group: 'acquisition',
  params: z.strictObject({
    filename: z
      .string()
      .max(MAX_CHARACTERS)
      .meta({
        title: 'File name',
        description: 'The name to clean. A path is taken as one name: its separators become underscores.',
        examples: ['..\\Urlaub: 1/2?.mp4'],
      }),
  }),
  input: { kind: 'none' },
  output: { kind: 'file', extensions: ['.json'] },
  example: {
    output_path: '/data/output/name.json',
    params: { filename: 'CON: my/video?.mp4' },
    result: { original: 'CON: my/video?.mp4', sanitized: 'CON_ my_video_.mp4', changed: true },
  },

  async run(context, { filename }) {
    context.progress({ percent: 100 });
    const sanitized = sanitizeFileName(filename);
    const data = { original: filename, sanitized, changed: sanitized !== filename };
    return {
      message: data.changed ? `The safe name is "${sanitized}".` : `"${sanitized}" is safe as it is.`,
      data,
      document: data,
    };
  },
});
