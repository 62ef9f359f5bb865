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
  upload_expiry_hours: z
    .number()
    .min(0.01)
    .max(24 * 365)
    .default(24)
    .describe('Hours after its last byte that an unfinished resumable upload is kept.'),
  insecure: z
    .boolean()
    .default(false)
    .describe(
      'Listen on a public address although there are no API keys. Whoever reaches the port may then do everything.',
    ),
  rate_limit: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(3000)
    .describe(
      'Requests a minute from one API key, or from one address without a key; 0 for no limit. Without keys this machine itself is not limited.',
    ),
  trust_proxy: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Addresses and CIDR ranges of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; none by default.',
    ),
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
  retention_days: z
    .number()
    .min(0)
    .max(36_500)
    .default(30)
    .describe('Days an ended job is kept; then it is forgotten, its files stay. 0 keeps them for ever.'),
  retention_jobs: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(100_000)
    .describe('Ended jobs that are kept; of more the oldest are forgotten, their files stay. 0 keeps all.'),
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
    .describe(
      '`local` is the two folders below; `s3` is the bucket of [storage.s3], so that workers share no folder.',
    ),
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
  preview_cache_path: z
    .string()
    .default('')
    .describe(
      'Folder for pictures and renditions that the page shows; empty for a hidden one below output_path. May be deleted at any time.',
    ),
  preview_cache_bytes: bytes(
    { min: MiB, max: 1024 * GiB },
    { description: 'Bytes that folder may take; what was not used longest goes first.' },
  ).prefault('1GiB'),
  s3: z
    .strictObject({
      bucket: z
        .string()
        .default('')
        .describe(
          'Required when [storage] type is `s3`. Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or the role of the machine.',
        ),
      region: z.string().min(1).default('us-east-1').describe('Region of the bucket.'),
      endpoint: z
        .union([z.literal(''), z.url({ protocol: /^https?$/ })])
        .default('')
        .describe(
          'Address of a server that speaks S3, such as `http://minio:9000`; empty for Amazon. It may be private: whoever configures it trusts it.',
        ),
      path_style: z
        .boolean()
        .default(false)
        .describe(
          '`true` for `endpoint/bucket/key` in place of `bucket.endpoint/key`; most servers that are not Amazon want it.',
        ),
      checksum_mode: z
        .enum(['when_supported', 'when_required'])
        .default('when_supported')
        .describe('`when_required` for servers that do not know the checksums Amazon added in 2025.'),
      prefix: z
        .string()
        .regex(/^$|^[^/.\p{Cc}\\][^\p{Cc}\\]*$/u, 'must not begin with a slash or a dot')
        .default('')
        .describe('Put before every key, such as `mediamill/`, where the bucket has other things in it.'),
      work_path: z
        .string()
        .min(1)
        .default('./data/work')
        .describe(
          'Folder of this machine where jobs work: inputs that are read whole and outputs before they go up. Needs room for both.',
        ),
    })
    .prefault({}),
});

const recipes = z.strictObject({
  path: z
    .string()
    .min(1)
    .default('./data/recipes')
    .describe(
      'Folder of your own recipes, one TOML file each, with their earlier versions below `history`. Made when the first one is saved.',
    ),
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
  hardware_slots: z
    .int()
    .min(0)
    .max(64)
    .default(2)
    .describe(
      'Jobs of one worker that may use one kind of hardware encoder, such as nvenc, at a time; 0: none ever does. Consumer cards allow only a few.',
    ),
  hardware_decoding: z
    .boolean()
    .default(true)
    .describe(
      'A device that encodes a video also decodes it, if trials come out as in software: H.264, HEVC, VP9 and AV1 from 1280×720. What it does not take is decoded in software.',
    ),
  nice: z
    .int()
    .min(0)
    .max(19)
    .default(5)
    .describe('How far job processes stand back for the server, 0 (not) to 19 (last).'),
  cage: z
    .enum(['auto', 'off'])
    .default('auto')
    .describe(
      '`auto` starts job processes without a network where the system allows it without root; `doctor` tells. `off` never does.',
    ),
  drain_seconds: z
    .number()
    .min(0)
    .max(3600)
    .default(30)
    .describe('Seconds running jobs get to finish on SIGTERM; after that they go back to the queue.'),
  pause_after_failures: z
    .int()
    .min(0)
    .max(1000)
    .default(5)
    .describe(
      'A worker pauses itself after so many jobs in a row that failed for reasons of its machine; 0 never.',
    ),
  min_free_disk_bytes: bytes(
    { min: 0, max: 1024 * GiB },
    { description: 'A worker takes no job while its disk has less free space; 0 does not look.' },
  ).prefault('1GiB'),
  min_free_memory_bytes: bytes(
    { min: 0, max: 1024 * GiB },
    { description: 'A worker takes no job while less memory is available; 0 does not look.' },
  ).prefault('256MiB'),
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
  audit: z
    .string()
    .default('')
    .describe(
      'File to which every change is added as one line of JSON, with the key that made it; none by default.',
    ),
});

const monitoring = z.strictObject({
  worker_host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address on which `mediamill worker` answers when worker_port is set.'),
  worker_port: z
    .int()
    .min(0)
    .max(65535)
    .default(0)
    .describe('Port on which `mediamill worker` answers /metrics, /healthz and /readyz; 0 for none.'),
  otlp_endpoint: z
    .string()
    .regex(/^(https?:\/\/.+)?$/, 'must be an http or https address')
    .default('')
    .describe(
      'Where traces go, as OTLP over HTTP, such as http://localhost:4318; empty for no traces. OTEL_EXPORTER_OTLP_ENDPOINT gives it too.',
    ),
  bull_board: z
    .boolean()
    .default(false)
    .describe(
      "BullMQ's dashboard at /queues, to look at the queue; only with [queue] backend `redis`, which it needs.",
    ),
});

export const configSchema = z.strictObject({
  server: server.prefault({}),
  queue: queue.prefault({}),
  redis: redis.prefault({}),
  storage: storage.prefault({}),
  recipes: recipes.prefault({}),
  processing: processing.prefault({}),
  network: network.prefault({}),
  logging: logging.prefault({}),
  monitoring: monitoring.prefault({}),
});

export type Config = z.output<typeof configSchema>;

/** Where a value came from, for `doctor` and the System page. */
export type Origin = 'flag' | 'environment' | 'file' | 'default';
