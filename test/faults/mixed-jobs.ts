/** Jobs of all groups on real media: the examples of the tasks, and checks of what they must have written. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { expect } from 'vitest';
import { inputReferences } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import type { JobRecord } from '../../src/queue/port.ts';
import { decodeAudio, decodeReport, readAnimation, readImage } from '../decode/index.ts';
import { alphaPng, coverMp3, cutsVideo, levelsWav, photoJpeg, toneWav } from '../fixtures/media/index.ts';
import { size } from './size.ts';
import type { Stage } from './stage.ts';

const FRAMES = size(50, 75);
const FILM = {
  width: size(320, 1280),
  height: size(180, 720),
  frames: FRAMES,
  cuts: [12, 30],
  audio: [{ codec: 'aac' as const }],
};

/** What the examples of the tasks call their inputs. */
const FILES: Record<string, () => Promise<string | Buffer>> = {
  'video.mp4': () => cutsVideo(FILM),
  'video.mov': () => cutsVideo({ ...FILM, container: 'mov' }),
  'photo.jpg': () => photoJpeg(),
  'logo.png': () => alphaPng(),
  'audio.mp3': () => coverMp3(),
  'audio.wav': () => toneWav({ seconds: 3, channels: 2 }),
  'voice.wav': () => toneWav({ seconds: 2 }),
  'music.mp3': () => coverMp3(),
  'podcast.wav': () => levelsWav({ levels: [{ dbfs: -30, seconds: 4 }] }),
  '00000.part': async () => Buffer.alloc(1000, 'a'),
  '00001.part': async () => Buffer.alloc(500, 'b'),
};
const JOINED = `${'a'.repeat(1000)}${'b'.repeat(500)}`;

/** They need a network, delete what the others read, or write about a job that is not theirs. */
const LEFT_OUT = ['download_file', 'purge_original_file', 'report_metrics'];
/** Every frame of the film must be there. */
const WHOLE_FILM = ['resize_to_720p', 'transcode_h264_to_h265', 'apply_watermark'];

export interface MixedJob {
  task: string;
  input_path?: string;
  output_path?: string;
  params: Record<string, unknown>;
}

/** Puts the files in place and answers as many jobs, each with an output folder of its own. */
export async function mixedJobs(stage: Stage, total: number): Promise<MixedJob[]> {
  const input = (name: string) => join(stage.root, 'data/input', name);
  for (const [name, make] of Object.entries(FILES)) {
    const made = await make();
    if (typeof made === 'string') await copyFile(made, input(name));
    else await writeFile(input(name), made);
  }
  const known = jobs
    .filter(({ name }) => !LEFT_OUT.includes(name))
    .filter((job) => {
      const { input_path, params } = job.example;
      const references = [...inputReferences(job, params), ...(input_path ? [input_path] : [])];
      return references.every((path) => existsSync(input(path.replace('/data/input/', ''))));
    });
  return Array.from({ length: total }, (_, n): MixedJob => {
    const { name, example } = known[n % known.length] as (typeof known)[number];
    const place = (path: string) => path.replace('/data/output/', `/data/output/${n}/`);
    const params: Record<string, unknown> = { ...example.params };
    if (name === 'validate_checksum') params.expected_hash = hashOf(input('video.mp4'));
    if (name === 'chain_job_trigger') params.next_output = place(String(params.next_output));
    return {
      task: name,
      params,
      ...(example.input_path && { input_path: example.input_path }),
      ...(example.output_path && { output_path: place(example.output_path) }),
    };
  });
}

/** Decodes all that a finished job says it has written; there must be nothing else in its folder. */
export async function expectWritten(stage: Stage, job: JobRecord): Promise<void> {
  const { result, output_path } = job;
  if (!result?.output_path || !output_path) return;
  const place = join(stage.root, output_path.slice(1));
  const folder = statSync(place).isDirectory();
  const announced = result.outputs.map(({ name }) => name).sort();
  const files = folder ? readdirSync(place).sort() : [''];
  expect(announced).toEqual(folder ? files : [output_path.split('/').at(-1)]);
  expect(readdirSync(join(place, '..'))).toHaveLength(1);
  for (const file of files) await expectSound(job.task, join(place, file));
}

async function expectSound(task: string, path: string): Promise<void> {
  const bytes = readFileSync(path);
  expect(bytes.length, path).toBeGreaterThan(0);
  if (task === 'merge_file_chunks') return expect(bytes.toString('latin1')).toBe(JOINED);
  switch (path.slice(path.lastIndexOf('.'))) {
    case '.json':
      return void JSON.parse(bytes.toString('utf8'));
    case '.jpg':
    case '.png':
      return expect((await readImage(path)).width).toBeGreaterThanOrEqual(16);
    case '.gif':
      return expect((await readAnimation(path)).frames.length).toBeGreaterThan(1);
    case '.mp3':
    case '.wav':
      return expect((await decodeAudio(path)).duration_s).toBeGreaterThan(1);
    case '.zst':
      return expect(zstdDecompressSync(bytes).length).toBeGreaterThan(bytes.length);
    case '.gz':
      return expect(gunzipSync(bytes).length).toBeGreaterThan(0);
    case '.mp4': {
      const streams = await decodeReport(path);
      for (const { frames, errors } of streams) expect([frames > 0, errors]).toEqual([true, 0]);
      const film = streams.find(({ kind }) => kind === 'video');
      return expect(film?.frames, path).toBe(WHOLE_FILM.includes(task) ? FRAMES : film?.frames);
    }
    case '.sha256':
      return expect(bytes.toString()).toMatch(/^[0-9a-f]{64} {2}\S+\n$/);
    case '.part':
      return;
    default:
      expect.unreachable(`nobody knows how to check ${path}`);
  }
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
