/** What a stored file is, and what can be done with it: one answer for pages and scripts. */
import { z } from 'zod';
import type { Failure } from '../core/errors.ts';
import type { SourceFacts } from '../core/facts.ts';
import { mediaKind } from '../core/playability.ts';
import { lengthOf, summarize } from '../core/suggestions/summary.ts';
import { adviseOnFile } from '../core/suggestions/tasks-for-file.ts';
import type { StoredObject } from '../storage/port.ts';
import { mediaTypeOf } from './content.ts';
import type { Context } from './context.ts';

const advice = z.object({
  task: z.string(),
  title: z.string(),
  reason: z.string().describe('A sentence, from what is known of the file.'),
});

export const fileInfoSchema = z
  .object({
    file_id: z.string().nullable().describe('Null for a file that was not uploaded.'),
    path: z.string(),
    name: z.string().describe('Of the stored file.'),
    original_name: z.string().nullable().describe('What the client called it. Text, never a path.'),
    size_bytes: z.number(),
    media_type: z.string(),
    kind: z.enum(['video', 'audio', 'image', 'other']),
    duration_s: z.number().nullable(),
    summary: z
      .string()
      .describe('Such as `1:05 · H.264 1920×1080 · 25 fps · AAC stereo`; empty for other files.'),
    source: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('As `probe_media_file` has it; null for what is no media or cannot be read.'),
    problem: z
      .object({ code: z.string(), title: z.string(), detail: z.string(), next: z.string() })
      .nullable()
      .describe('Why a file that should be media cannot be read.'),
    warnings: z.array(z.string()).describe('What is wrong with it although it can be read.'),
    suggestions: z
      .array(advice.extend({ params: z.record(z.string(), z.unknown()).optional() }))
      .describe('Tasks that suit it, best first.'),
    unsuitable: z.array(advice).describe('Tasks that would fail.'),
  })
  .meta({ id: 'FileInfo' });

export type FileInfo = z.output<typeof fileInfoSchema>;

const UPLOAD = /^\/data\/input\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.[^/.]+$/;

export async function fileInfo(
  { previews, registry, storage }: Pick<Context, 'previews' | 'registry' | 'storage'>,
  file: StoredObject,
): Promise<FileInfo> {
  const { path, name, size_bytes } = file;
  const { facts, problem, warnings } = await previews.look(path);
  const media_type = mediaTypeOf(name);
  // A file nobody could name may be anything: that it is no media is no problem of it.
  const expected =
    problem && (/^(video|audio|image)\//.test(media_type) || problem.code !== 'unsupported_media');
  const shown = expected ? problem : null;
  const duration = facts && lengthOf(facts);
  return {
    file_id: UPLOAD.exec(path)?.[1] ?? null,
    path,
    name,
    original_name: (await storage.originalName?.(path)) ?? null,
    size_bytes,
    media_type,
    kind: (facts && mediaKind(facts)) ?? 'other',
    duration_s: duration,
    summary: facts ? summarize(facts) : '',
    source: facts && plain(facts),
    problem: shown && told(shown),
    warnings,
    ...adviseOnFile(registry, { name, size_bytes, facts, problem: shown, warnings }),
  };
}

function plain(facts: SourceFacts): Record<string, unknown> {
  return { ...facts };
}

function told({ code, title, detail, next }: Failure) {
  return { code, title, detail, next };
}
