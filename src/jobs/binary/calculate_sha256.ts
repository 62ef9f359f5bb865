import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { defineJob } from '../../core/job.ts';
import { createByteMeter } from '../files/byte-meter.ts';
import { hashFile } from '../files/hash-file.ts';
import { inputFile } from '../files/input.ts';
import { writeOutput } from '../files/output.ts';

export default defineJob({
  name: 'calculate_sha256',
  title: 'Calculate SHA-256',
  description: 'Reads the whole file and writes its SHA-256 as a line that `sha256sum --check` understands.',
  group: 'binary',
  params: z.strictObject({}),
  input: { kind: 'file' },
  output: { kind: 'file', extensions: ['.sha256', '.sha256sum', '.sum', '.txt'] },
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/video.mp4.sha256',
    params: {},
    result: {
      algorithm: 'sha256',
      hash: '5b84f328d47fad254cc10074a8abf92c57446f4fb85905e284068f7242d08ae3',
      size_bytes: 44272,
    },
  },

  async run(context) {
    const started = performance.now();
    const file = await inputFile(context.input);
    using meter = createByteMeter(context, 'hashing', file.size);
    const { hash, size } = await hashFile(file.path, 'sha256', { signal: context.signal, meter });
    await writeOutput(context, (path) => writeFile(path, checksumLine(hash, file.name)));
    const seconds = (performance.now() - started) / 1000;
    return {
      message: `The SHA-256 is ${hash}.`,
      data: { algorithm: 'sha256', hash, size_bytes: size },
      metrics: { bytes_per_second: Math.round(size / seconds) },
    };
  },
});

/**
 * A line as coreutils' `sha256sum` writes it: two spaces, and a backslash in front when the name needed escapes.
 * https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
 */
function checksumLine(hash: string, name: string): string {
  const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === name ? '' : '\\'}${hash}  ${escaped}\n`;
}
