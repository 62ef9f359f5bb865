/** The manifest of a folder of test media: what each file is, and what is known to be true of it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';

const probeStream = z.looseObject({
  codec_type: z.string(),
  codec_name: z.string().optional(),
  profile: z.string().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  pix_fmt: z.string().optional(),
  sample_aspect_ratio: z.string().optional(),
  field_order: z.string().optional(),
  color_transfer: z.string().optional(),
  /** As ffprobe prints it, such as `30000/1001`. */
  avg_frame_rate: z.string().optional(),
  /** As ffprobe prints it: counterclockwise degrees. */
  rotation: z.number().optional(),
  sample_rate: z.string().optional(),
  channels: z.number().optional(),
  channel_layout: z.string().optional(),
  nb_frames: z.string().optional(),
  language: z.string().optional(),
  attached_pic: z.boolean().optional(),
});
export type ProbeStream = z.output<typeof probeStream>;

const entrySchema = z.looseObject({
  file: z.string(),
  size: z.number(),
  sha256: z.string(),
  why: z.string().optional(),
  /** By kind; each kind has a checker in `truths/`. */
  truth: z.record(z.string(), z.unknown()).default({}),
  /** How the file must fail; files without it must work. */
  expect: z.string().optional(),
  probe: z.looseObject({
    format: z.string().nullable(),
    duration_s: z.number().nullable(),
    streams: z.array(probeStream),
    /** Frames of the first video stream. */
    decoded_video_frames_v0: z.number().optional(),
  }),
  /** The same file opened by the FFmpeg that the program uses. */
  node_av_6_1_1: z.looseObject({ open: z.string().nullable(), duration_s: z.number().nullable() }).optional(),
});

export type Entry = z.output<typeof entrySchema> & {
  /** Absolute path of the file. */
  path: string;
};

export function readManifest(folder: string): Entry[] {
  const text = readFileSync(resolve(folder, 'MANIFEST.json'), 'utf8');
  const { files } = z.looseObject({ files: z.array(entrySchema) }).parse(JSON.parse(text));
  return files.map((entry) => ({ ...entry, path: resolve(folder, entry.file) }));
}

/** Video streams that are not cover art. */
export function videoStreams({ probe }: Entry): ProbeStream[] {
  return probe.streams.filter((stream) => stream.codec_type === 'video' && !stream.attached_pic);
}

export function audioStreams({ probe }: Entry): ProbeStream[] {
  return probe.streams.filter((stream) => stream.codec_type === 'audio');
}

/** Demuxers of single pictures; what holds for videos need not hold for them. */
const PICTURES = /^(?:image2|\w+_pipe)$/;

export function isStillImage(entry: Entry): boolean {
  const { format, duration_s } = entry.probe;
  if (format !== null && PICTURES.test(format)) return true;
  return videoStreams(entry).length > 0 && duration_s === null && audioStreams(entry).length === 0;
}

export function isVideo(entry: Entry): boolean {
  return videoStreams(entry).length > 0 && !isStillImage(entry);
}

/** `30000/1001` as a number; null for `0/0` or nothing. */
export function ratioValue(text: string | undefined): number | null {
  const [num, den] = (text ?? '').split(/[/:]/).map(Number);
  return num && den ? num / den : null;
}
