/**
 * Every setting of the program: `config/settings.toml` by section and key, `MEDIAMILL_SECTION_KEY` in the
 * environment, and flags for the common ones. Order: flags, environment, file, defaults. The result is
 * frozen and passed in; no other module reads the environment or the file.
 *
 * Each key says in its description what it does, its unit and what it interacts with; default and range
 * are in the schema. `docs/reference/configuration.md` is generated from here.
 */
import { z } from 'zod';
import { bytes } from './fields.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
const WEEK_SECONDS = 7 * 24 * 3600;

const server = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for every interface.'),
  port: z.int().min(0).max(65535).default(5000).describe('TCP port; 0 takes a free one.'),
  max_upload_bytes: bytes(
    { min: 1, max: 1024 * GiB },
    { description: 'Largest upload; at most 1024 GiB.' },
  ).prefault('20GiB'),
  max_body_bytes: bytes(
    { min: 1024, max: 64 * MiB },
    { description: 'Largest JSON body; 1 KiB to 64 MiB.' },
  ).prefault('4MiB'),
});

const queue = z.strictObject({
  backend: z
    .enum(['embedded', 'redis'])
    .default('embedded')
    .describe(
      '`embedded` keeps the jobs in one file. `redis` keeps them in Redis, for several machines; REDIS_URL chooses it.',
    ),
  database: z
    .string()
    .min(1)
    .default('./data/mediamill.db')
    .describe('File of the embedded queue. On a local disk, never on a network share.'),
  lease_seconds: z
    .number()
    .min(1)
    .max(3600)
    .default(30)
    .describe('Seconds a claim holds without renewal; a job of a dead worker starts again after this.'),
  attempts: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('Most attempts of a job that does not say otherwise; crashes and lost workers count.'),
});

const redis = z.strictObject({
  url: z
    .string()
    .min(1)
    .default('redis://localhost:6379')
    .describe(
      'Address of Redis, when [queue] backend is `redis`; `rediss://` for TLS, user and password inside. REDIS_URL gives it too.',
    ),
  queue_name: z
    .string()
    .regex(/^[^:]+$/, 'must not be empty, nor contain a colon')
    .default('media_processing')
    .describe('Name of the queue; installations with the same name on one Redis share their jobs.'),
});

const storage = z.strictObject({
  type: z
    .enum(['local', 's3'])
    .default('local')
    .describe('`local` is the two folders below. `s3`, a bucket, comes with a later version.'),
  input_path: z
    .string()
    .min(1)
    .default('./data/input')
    .describe('Folder behind /data/input. Relative to the folder the program is started in.'),
  output_path: z
    .string()
    .min(1)
    .default('./data/output')
    .describe('Folder behind /data/output. Relative to the folder the program is started in.'),
  s3: z
    .strictObject({
      bucket: z.string().default('').describe('Required when [storage] type is `s3`.'),
      region: z.string().min(1).default('us-east-1').describe('Region of the bucket.'),
    })
    .prefault({}),
});

const processing = z.strictObject({
  max_workers: z
    .int()
    .min(0)
    .max(256)
    .default(0)
    .describe('Jobs at a time in this process; 0 means one for every two cores, at least one.'),
  timeout_seconds: z
    .number()
    .min(1)
    .max(WEEK_SECONDS)
    .default(3600)
    .describe('Wall-clock seconds one attempt may take, unless the job gives its own timeout_seconds.'),
  memory_limit_bytes: bytes(
    { min: 64 * MiB, max: 1024 * GiB },
    {
      description:
        'Resident memory one job may use, 64 MiB to 1024 GiB; beyond it the job fails with out_of_memory.',
    },
  ).prefault('2GiB'),
  jobs_per_child: z
    .int()
    .min(1)
    .max(100_000)
    .default(200)
    .describe('A job process is replaced by a fresh one after this many jobs.'),
  drain_seconds: z
    .number()
    .min(0)
    .max(3600)
    .default(30)
    .describe('Seconds running jobs get to finish on SIGTERM; after that they go back to the queue.'),
});

const network = z.strictObject({
  allow: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Hosts, addresses and CIDR ranges that jobs may contact although they are private; none by default.',
    ),
});

const logging = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least severe lines that are logged.'),
  format: z
    .enum(['auto', 'json', 'pretty'])
    .default('auto')
    .describe('`json` is one object a line; `pretty` is for people; `auto` is pretty on a terminal.'),
});

export const configSchema = z.strictObject({
  server: server.prefault({}),
  queue: queue.prefault({}),
  redis: redis.prefault({}),
  storage: storage.prefault({}),
  processing: processing.prefault({}),
  network: network.prefault({}),
  logging: logging.prefault({}),
});

export type Config = z.output<typeof configSchema>;

/** Where a value came from, for `doctor` and the System page. */
export type Origin = 'flag' | 'environment' | 'file' | 'default';
