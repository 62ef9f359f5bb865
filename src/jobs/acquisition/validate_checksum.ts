import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { defineJob } from '../../core/job.ts';
import { createByteMeter } from '../files/byte-meter.ts';
import { HASH_ALGORITHMS, HASH_DIGITS, hashFile } from '../files/hash-file.ts';
import { inputFile } from '../files/input.ts';

export default defineJob({
  name: 'validate_checksum',
  title: 'Validate a checksum',
  description:
    'Reads the whole file and compares its checksum with the expected one. A mismatch fails the job, so that a chain stops here, unless fail_on_invalid is off.',
  group: 'acquisition',
  params: z
    .strictObject({
      expected_hash: z
        .string()
        .trim()
        .regex(/^[0-9a-fA-F]+$/, 'must be hexadecimal digits')
        .max(HASH_DIGITS.sha512)
        .toLowerCase()
        .meta({
          title: 'Expected checksum',
          description: 'Hexadecimal, upper or lower case; 64 digits for SHA-256.',
          examples: ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
        }),
      algorithm: z.enum(HASH_ALGORITHMS).default('sha256').meta({
        title: 'Algorithm',
        description:
          'sha1 and md5 find accidents, not forgeries. The number of digits of expected_hash must fit.',
      }),
      fail_on_invalid: z.boolean().default(true).meta({
        title: 'Fail on mismatch',
        description: 'Off: the job finishes and only the result tells that the checksum differs.',
      }),
    })
    .refine(({ expected_hash, algorithm }) => expected_hash.length === HASH_DIGITS[algorithm], {
      path: ['expected_hash'],
      message:
        'must have as many hexadecimal digits as the algorithm gives: sha256 64, sha512 128, sha1 40, md5 32',
    }),
  input: { kind: 'file' },
  output: { kind: 'file', extensions: ['.json'] },
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/checksum.json',
    params: {
      expected_hash: '5b84f328d47fad254cc10074a8abf92c57446f4fb85905e284068f7242d08ae3',
    },
    result: {
      algorithm: 'sha256',
      expected: '5b84f328d47fad254cc10074a8abf92c57446f4fb85905e284068f7242d08ae3',
      actual: '5b84f328d47fad254cc10074a8abf92c57446f4fb85905e284068f7242d08ae3',
      valid: true,
    },
  },

  async run(context, { expected_hash: expected, algorithm, fail_on_invalid }) {
    const file = await inputFile(context.input);
    using meter = createByteMeter(context, 'hashing', file.size);
    const { hash: actual } = await hashFile(file.path, algorithm, { signal: context.signal, meter });
    const data = { algorithm, expected, actual, valid: actual === expected };
    if (!data.valid && fail_on_invalid) {
      throw new MillError(
        'checksum_mismatch',
        `The ${algorithm} of "${file.name}" is ${actual}, expected was ${expected}.`,
        { facts: data },
      );
    }
    return {
      message: data.valid
        ? `The ${algorithm} is as expected.`
        : `The ${algorithm} differs from the expected one.`,
      data,
      document: data,
    };
  },
});
