/**
 * Every setting of the program: `config/settings.toml` by section and key, `MEDIAMILL_SECTION_KEY` in the
 * environment, and flags for the common ones. Order: flags, environment, file, defaults. The result is
 * frozen and passed in; no other module reads the environment or the file.
 */
import { z } from 'zod';
import { bytes } from './fields.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

export const configSchema = z.strictObject({
  server: z
    .strictObject({
      host: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .describe('Address to listen on; 0.0.0.0 for every interface.'),
      port: z.coerce.number().int().min(0).max(65535).default(5000).describe('TCP port; 0 takes a free one.'),
      max_upload_bytes: bytes({ min: 1, max: 1024 * GiB }, { description: 'Largest upload.' }).default(
        20 * GiB,
      ),
      max_body_bytes: bytes({ min: 1024, max: 64 * MiB }, { description: 'Largest JSON body.' }).default(
        4 * MiB,
      ),
    })
    .prefault({}),
  queue: z
    .strictObject({
      backend: z
        .enum(['embedded', 'redis'])
        .default('embedded')
        .describe('`redis` is chosen by itself when REDIS_URL is given.'),
      database: z.string().min(1).default('./data/mediamill.db').describe('File of the embedded queue.'),
      lease_seconds: z.coerce
        .number()
        .min(1)
        .max(3600)
        .default(30)
        .describe('How long a claim holds without renewal.'),
      attempts: z.coerce
        .number()
        .int()
        .min(1)
        .max(100)
        .default(3)
        .describe('Most attempts of a job, unless it says otherwise.'),
    })
    .prefault({}),
  redis: z
    .strictObject({
      url: z.string().default('redis://localhost:6379'),
      queue_name: z.string().min(1).default('media_processing'),
    })
    .prefault({}),
  storage: z
    .strictObject({
      type: z.enum(['local', 's3']).default('local'),
      input_path: z.string().min(1).default('./data/input').describe('Folder behind /data/input.'),
      output_path: z.string().min(1).default('./data/output').describe('Folder behind /data/output.'),
      s3: z
        .strictObject({
          bucket: z.string().default(''),
          region: z.string().default('us-east-1'),
        })
        .prefault({}),
    })
    .prefault({}),
  processing: z
    .strictObject({
      max_workers: z.coerce
        .number()
        .int()
        .min(0)
        .max(256)
        .default(0)
        .describe('Jobs at a time; 0 means one for two cores, at least 1.'),
      timeout_seconds: z.coerce
        .number()
        .min(1)
        .max(604800)
        .default(3600)
        .describe('Wall-clock limit of one attempt.'),
      memory_limit_bytes: bytes(
        { min: 64 * MiB, max: 1024 * GiB },
        { description: 'Resident memory one job may use.' },
      ).default(2 * GiB),
      jobs_per_child: z.coerce
        .number()
        .int()
        .min(1)
        .max(100000)
        .default(200)
        .describe('A child process is replaced after this many jobs.'),
      drain_seconds: z.coerce
        .number()
        .min(0)
        .max(3600)
        .default(30)
        .describe('Grace time for running jobs on SIGTERM.'),
    })
    .prefault({}),
  logging: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
      format: z.enum(['json', 'pretty']).default('json'),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;

/** Where a value came from, for `doctor` and the System page. */
export type Origin = 'flag' | 'environment' | 'file' | 'default';
