import { z } from 'zod';
import type { Origin } from '../../core/config.ts';
import type { App, Context } from '../context.ts';
import { keepHistory } from '../history.ts';
import { cores, diskOf, machineMemory } from '../machine.ts';
import { failures } from '../schemas.ts';
import { shownSettings } from '../settings.ts';
import { encoderRoutes, type ReadEncoderOptions } from './encoders.ts';

/** What FFmpeg can do on this machine, found by trying. */
export interface Inspection {
  ffmpeg_version?: string;
  encoders?: { name: string; works: boolean; reason?: string | null }[];
  /** Of devices. */
  decoders?: { name: string; codecs: string[]; differs: string[]; reason: string | null }[];
  /** Why there is nothing to tell. */
  problem?: string;
}

export interface MachineOptions {
  /** Takes seconds; asked once, when somebody wants to know. */
  inspect?: () => Promise<Inspection>;
  /** Null for an encoder that is not there; default: none is. */
  encoderOptions?: ReadEncoderOptions;
  /** Where each setting came from, by dotted key. */
  origins?: Readonly<Record<string, Origin>>;
}

const AUDIO = /^(aac|libmp3lame|libopus|libvorbis|flac|libfdk_aac)$/;
const HARDWARE = /_(nvenc|qsv|vaapi|videotoolbox|amf|vulkan|v4l2m2m)$/;

const bytes = z.number();
const systemSchema = z
  .object({
    version: z.string(),
    uptime_s: z.number(),
    started_at: z.string().meta({ format: 'date-time' }),
    node: z.string(),
    ffmpeg: z.string().nullable().describe('Null until it was looked at.'),
    cpu: z.object({
      cores: z.number(),
      load_percent: z.number().nullable().describe('Of all processors, over the last seconds.'),
    }),
    memory: z
      .object({
        total_bytes: bytes,
        available_bytes: bytes,
        server_rss_bytes: bytes,
        workers_rss_bytes: bytes.describe(
          'Of all workers, their job processes included; 0 when they do not tell.',
        ),
      })
      .describe("Of the machine, or of the container's limit where there is one."),
    disk: z.array(
      z.object({
        name: z.enum(['input', 'output']),
        path: z.string(),
        free_bytes: bytes.nullable(),
        total_bytes: bytes.nullable(),
      }),
    ),
    storage: z.object({ type: z.string() }),
    queue: z.object({ backend: z.string(), paused: z.boolean() }),
    inspection: z
      .object({ state: z.enum(['looking', 'ready', 'failed']), detail: z.string().nullable() })
      .describe(
        'Encoders are tried when they are first asked for, which takes seconds: ask again while `looking`.',
      ),
    encoders: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(['video', 'audio']),
        hardware: z
          .string()
          .nullable()
          .describe('Interface that drives it, such as nvenc; null for software.'),
        works: z.boolean(),
        reason: z.string().nullable().describe('Why it does not work here.'),
      }),
    ),
    decoders: z
      .array(
        z.object({
          name: z.string().describe('Such as nvdec.'),
          codecs: z
            .array(z.string())
            .describe('That it decodes here, each tried and compared with software.'),
          differs: z
            .array(z.string())
            .describe('Codecs that come out differently than in software: with one, it decodes nothing.'),
          reason: z.string().nullable().describe('Why it decodes nothing; null when it does.'),
        }),
      )
      .describe('Of hardware; what it does not decode is decoded in software.'),
    settings: z
      .array(
        z.object({
          key: z.string(),
          value: z.unknown(),
          origin: z.enum(['flag', 'environment', 'file', 'default']),
          description: z.string(),
        }),
      )
      .describe('In force since the start; passwords and secrets are masked.'),
  })
  .meta({ id: 'System' });

const historySchema = z
  .object({
    step_s: z.number().describe('Seconds from point to point; what was not looked at is missing.'),
    points: z.array(
      z.object({
        at: z.string().meta({ format: 'date-time' }),
        waiting: z.number().describe('Queued, scheduled and deferred.'),
        started: z.number(),
        finished: z.number().describe('Since the point before.'),
        failed: z.number().describe('Since the point before.'),
        cpu_percent: z.number().nullable(),
        memory_bytes: bytes.describe('In use on the machine.'),
        disk_free_bytes: bytes.nullable(),
      }),
    ),
  })
  .meta({ id: 'SystemHistory' });

export function machineRoutes(
  app: App,
  context: Context,
  { inspect, encoderOptions, origins = {} }: MachineOptions,
): void {
  encoderRoutes(app, encoderOptions);
  const { queue, storage, config, version, startedAt } = context;
  const tags = ['System'];
  const history = keepHistory({ queue, storage });
  let looked: Inspection | null = inspect ? null : { problem: 'This server does not look at encoders.' };
  let looking = false;

  app.addHook('onListen', async () => history.start());
  app.addHook('onClose', async () => history.stop());

  function look(): void {
    if (looked || looking || !inspect) return;
    looking = true;
    inspect().then(
      (found) => {
        looked = found;
      },
      (error: unknown) => {
        looked = { problem: String(error) };
      },
    );
  }

  app.get(
    '/api/system',
    {
      schema: {
        tags,
        summary: 'The installation: machine, storage, queue, encoders, settings',
        response: { 200: systemSchema, ...failures },
      },
    },
    async () => {
      look();
      const [workers, pause, disk] = await Promise.all([queue.workers(), queue.pauseState(), disks()]);
      const { storage: store, queue: jobs } = config;
      return {
        version,
        uptime_s: Math.round(process.uptime()),
        started_at: startedAt.toISOString(),
        node: process.versions.node,
        ffmpeg: looked?.ffmpeg_version ?? null,
        cpu: { cores: cores(), load_percent: history.cpuPercent },
        memory: {
          ...machineMemory(),
          server_rss_bytes: process.memoryUsage.rss(),
          workers_rss_bytes: workers.reduce((sum, worker) => sum + (worker.memory_bytes ?? 0), 0),
        },
        disk,
        storage: { type: store.type },
        queue: { backend: jobs.backend, paused: pause.paused },
        inspection: looked
          ? {
              state: looked.problem ? ('failed' as const) : ('ready' as const),
              detail: looked.problem ?? null,
            }
          : { state: 'looking' as const, detail: null },
        encoders: (looked?.encoders ?? []).map(({ name, works, reason }) => ({
          name,
          kind: AUDIO.test(name) ? ('audio' as const) : ('video' as const),
          hardware: HARDWARE.exec(name)?.[1] ?? null,
          works,
          reason: reason ?? null,
        })),
        decoders: looked?.decoders ?? [],
        settings: shownSettings(config, origins),
      };
    },
  );

  app.get(
    '/api/system/history',
    {
      schema: {
        tags,
        summary: 'How busy it was',
        description: 'Kept in memory by this server since its start, for a day at most.',
        querystring: z.strictObject({
          minutes: z.coerce
            .number()
            .min(1)
            .max(1440)
            .default(60)
            .describe('Up to 60 in steps of 10 s, beyond of 60 s.'),
        }),
        response: { 200: historySchema, ...failures },
      },
    },
    async ({ query }) => history.of(query.minutes),
  );

  /** The two roots; in a bucket there is no end of room. */
  async function disks() {
    const free = await storage.freeBytes().catch(() => null);
    const roots = { input: config.storage.input_path, output: config.storage.output_path };
    return Promise.all(
      (['input', 'output'] as const).map(async (name) => {
        const found = config.storage.type === 'local' ? await diskOf(roots[name]) : null;
        const free_bytes = found?.free_bytes ?? (name === 'output' ? free : null);
        return { name, path: `/data/${name}`, free_bytes, total_bytes: found?.total_bytes ?? null };
      }),
    );
  }
}
