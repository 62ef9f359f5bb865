import { basename } from 'node:path/posix';
import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { type MediaKind, playability } from '../../core/playability.ts';
import { extensionOf } from '../../core/registry.ts';
import type { PreviewFile } from '../../previews/port.ts';
import type { StoredObject } from '../../storage/port.ts';
import { mediaTypeOf } from '../content.ts';
import type { App, Context } from '../context.ts';
import { fileOfJob, type JobSide } from '../job-files.ts';
import { PICTURE_ANSWER, pictureQuery, stripQuery } from '../preview-query.ts';
import { failures, jobIdSchema } from '../schemas.ts';
import { sendFile } from '../send-file.ts';
import { getJob } from './jobs.ts';

/** A job that is retried may have another output under the same address soon. */
const FOR_A_WHILE = 'private, max-age=300';
/** Widest image made of a picture that browsers do not show. */
const SHOWN_WIDTH = 1920;

const side = z.enum(['result', 'source']);
const of = side.default('result').describe('The output of the job, or what it was made from.');
const maybeOf = side
  .optional()
  .describe('Default: the output when there is one with a picture, else the source.');
const name = z
  .string()
  .max(1000)
  .optional()
  .describe('One file of an output folder, as in `result.outputs`; default its first.');

const previewSchema = z
  .object({
    playable: z.boolean().describe('Browsers play or show the file itself.'),
    kind: z.enum(['video', 'audio', 'image']).nullable().describe('Null for what is no media.'),
    url: z.string().nullable().describe('Of what to play: the file, or its rendition when that is ready.'),
    media_type: z.string().nullable(),
    state: z.enum(['ready', 'making', 'failed']),
    percent: z.number().nullable().describe('How far the rendition is, 0 to 100; null when nobody knows.'),
    rendition: z.boolean().describe('`url` is not the file itself: smaller, with the same times.'),
    detail: z.string().nullable().describe('Why there is a rendition, or why there is nothing to play.'),
  })
  .meta({ id: 'Preview' });

type PreviewAnswer = z.output<typeof previewSchema>;

const peaksSchema = z
  .object({
    duration_s: z.number(),
    sample_rate: z.number(),
    channels: z.array(z.object({ min: z.array(z.number()), max: z.array(z.number()) })).describe('In −1…1.'),
  })
  .meta({ id: 'Peaks' });

const bytes = {
  description: 'The bytes, whole or the range asked for',
  content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
};

export function previewRoutes(app: App, context: Context): void {
  const { queue, storage, previews } = context;
  const tags = ['Files'];
  const params = jobIdSchema;

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/jobs/:id/input',
    schema: {
      tags,
      summary: 'What a job was made from',
      description: 'Its input file, with range requests.',
      params,
      querystring: z.strictObject({
        download: z
          .stringbool()
          .optional()
          .describe('`true` offers a download even of media; default false.'),
      }),
      response: { 200: bytes, ...failures },
    },
    handler: async (request, reply) => {
      const job = await getJob(queue, request.params.id);
      const file = await fileOfJob(storage, job, 'source');
      const read = (range?: { start: number; end: number }) => storage.read(file.path, range);
      const shown = { ...file, name: job.input_name ?? file.name, media_type: mediaTypeOf(file.name), read };
      return sendFile(request, reply, shown, { download: request.query.download });
    },
  });

  app.get(
    '/api/jobs/:id/poster',
    {
      schema: {
        tags,
        summary: 'A picture of the output, or of the source, of a job',
        description: '404 `no_preview` for what has none.',
        params,
        querystring: pictureQuery.extend({ of: maybeOf, name }),
        response: { 200: PICTURE_ANSWER, ...failures },
      },
    },
    async (request, reply) => {
      const { of, name, width, at } = request.query;
      const picture = async (which: JobSide) =>
        previews.picture((await file(request.params.id, which, name)).path, { width, at_s: at });
      const found = of ? await picture(of) : await picture('result').catch(() => picture('source'));
      return sendFile(request, reply, found, { cacheControl: FOR_A_WHILE });
    },
  );

  app.get(
    '/api/jobs/:id/strip',
    {
      schema: {
        tags,
        summary: 'Stills of a video beside each other',
        description:
          'One image, `count` stills wide, from the middles of equal parts of the announced length; where a video breaks off, its last frame. 404 `no_preview` for what is no video.',
        params,
        querystring: stripQuery.extend({ of, name }),
        response: { 200: PICTURE_ANSWER, ...failures },
      },
    },
    async (request, reply) => {
      const { of, name, count, height } = request.query;
      const { path } = await file(request.params.id, of, name);
      return sendFile(request, reply, await previews.strip(path, { count, height }), {
        cacheControl: FOR_A_WHILE,
      });
    },
  );

  app.get(
    '/api/jobs/:id/preview',
    {
      schema: {
        tags,
        summary: 'How to play the output, or the source, of a job in a browser',
        description:
          'The file itself where browsers play it. Else a rendition is made, H.264 and AAC in MP4 with the same times: ask again until `state` is no longer `making`.',
        params,
        querystring: z.strictObject({ of, name }),
        response: { 200: previewSchema, ...failures },
      },
    },
    async ({ params, query }) => preview(params.id, query.of, query.name),
  );

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/jobs/:id/preview/file',
    schema: {
      tags,
      summary: 'The rendition of an output, or of a source',
      description: 'With range requests; 404 `no_preview` until it is ready.',
      params,
      querystring: z.strictObject({ of, name }),
      response: { 200: bytes, ...failures },
    },
    handler: async (request, reply) => {
      const { of, name } = request.query;
      return sendFile(request, reply, await rendition(request.params.id, of, name));
    },
  });

  app.get(
    '/api/jobs/:id/peaks',
    {
      schema: {
        tags,
        summary: 'The sound of the output, or of the source, for drawing',
        description:
          'The outermost samples in equal spans, of each channel. 404 `no_preview` for what has no sound.',
        params,
        querystring: z.strictObject({
          of,
          name,
          samples: z.coerce.number().int().min(10).max(10_000).default(1000).describe('Spans.'),
        }),
        response: { 200: peaksSchema, ...failures },
      },
    },
    async ({ params, query }, reply) => {
      const { path } = await file(params.id, query.of, query.name);
      const found = await previews.peaks(path, query.samples);
      reply.header('cache-control', FOR_A_WHILE);
      return found;
    },
  );

  async function file(id: string, which: JobSide, name?: string): Promise<StoredObject> {
    return await fileOfJob(storage, await getJob(queue, id), which, name);
  }

  async function preview(id: string, which: JobSide, name?: string): Promise<PreviewAnswer> {
    const object = await file(id, which, name);
    const { facts, problem } = await previews.look(object.path);
    if (!facts) return nothing(null, problem?.detail ?? 'The file is no media.');
    const { kind, playable, reason } = playability(facts, extensionOf(object.name));
    if (playable) {
      const media_type = mediaTypeOf(object.name);
      return { ...ready(kind, originalUrl(id, which, object, name), media_type), playable };
    }
    if (kind === null) return nothing(null, reason);
    const query = new URLSearchParams({ of: which, ...(name !== undefined && { name }) });
    const url = `/api/jobs/${encodeURIComponent(id)}/preview/file?${query}`;
    if (kind === 'image') return { ...ready(kind, url, 'image/webp'), rendition: true, detail: reason };
    const made = await previews.rendition(object.path);
    if (made.state === 'ready') {
      return { ...ready(kind, url, made.file.media_type), rendition: true, detail: reason };
    }
    if (made.state === 'failed') return nothing(kind, made.failure.detail);
    return { ...nothing(kind, reason), state: 'making', percent: made.percent };
  }

  async function rendition(id: string, which: JobSide, name?: string): Promise<PreviewFile> {
    const { path } = await file(id, which, name);
    const { facts } = await previews.look(path);
    if (facts && playability(facts, extensionOf(path)).kind === 'image') {
      return await previews.picture(path, { width: SHOWN_WIDTH });
    }
    const made = await previews.rendition(path);
    if (made.state === 'ready') return made.file;
    const why = made.state === 'failed' ? made.failure.detail : 'It is still being made.';
    throw new MillError('no_preview', why, { facts: { state: made.state } });
  }
}

function originalUrl(id: string, which: JobSide, object: StoredObject, name?: string): string {
  const job = `/api/jobs/${encodeURIComponent(id)}`;
  if (which === 'source') return `${job}/input`;
  const parts = name === undefined ? [basename(object.path)] : name.split('/');
  return `${job}/output/${parts.map(encodeURIComponent).join('/')}`;
}

function ready(kind: MediaKind | null, url: string, media_type: string): PreviewAnswer {
  return {
    playable: false,
    kind,
    url,
    media_type,
    state: 'ready',
    percent: 100,
    rendition: false,
    detail: null,
  };
}

function nothing(kind: MediaKind | null, detail: string | null): PreviewAnswer {
  return {
    playable: false,
    kind,
    url: null,
    media_type: null,
    state: 'failed',
    percent: null,
    rendition: false,
    detail,
  };
}
