/** The files of a job that can be shown: what it was made from, and what it made. */
import { MillError } from '../core/errors.ts';
import type { JobRecord } from '../queue/port.ts';
import type { Storage, StoredObject } from '../storage/port.ts';

export type JobSide = 'result' | 'source';

/** What of an output folder stands for the whole: pictures and films before indexes and texts. */
const SHOWABLE = /\.(?:jpe?g|png|webp|avif|gif|mp4|m4v|mov|mkv|webm|ts|avi|flv|mp3|m4a|opus|ogg|flac|wav)$/i;

/** `name` is one file of an output folder. Throws `output_not_found` or `input_not_found`. */
export async function fileOfJob(
  storage: Pick<Storage, 'resolve' | 'stat' | 'list'>,
  job: JobRecord,
  side: JobSide,
  name?: string,
): Promise<StoredObject> {
  if (side === 'source') return await sourceOf(storage, job);
  const path = job.result?.output_path;
  if (!path) {
    throw new MillError('output_not_found', `The job has no output; it is ${job.status}.`, {
      facts: { status: job.status },
    });
  }
  const object = await storage.stat(path);
  if (!object) throw new MillError('output_not_found', `"${path}" was deleted or moved meanwhile.`);
  if (object.kind === 'file') {
    if (name === undefined || name === object.name) return object;
    throw missing(name);
  }
  return await fileBelow(storage, object.path, name);
}

async function sourceOf(storage: Pick<Storage, 'resolve' | 'stat'>, job: JobRecord): Promise<StoredObject> {
  if (job.input_path === null) throw new MillError('input_not_found', 'The job has no input file.');
  const path = await storage.resolve(job.input_path, 'read');
  const object = await storage.stat(path);
  if (object?.kind === 'file') return object;
  throw new MillError('input_not_found', `"${job.input_path}" is no file, or was deleted meanwhile.`);
}

async function fileBelow(
  storage: Pick<Storage, 'resolve' | 'stat' | 'list'>,
  folder: string,
  name: string | undefined,
): Promise<StoredObject> {
  const chosen = name ?? (await firstToShow(storage, folder));
  // Resolved like any path of a client: names may climb, and links may lead out.
  const path = await storage.resolve(`${folder}/${chosen}`, 'read').catch((error: unknown) => {
    throw error instanceof MillError && error.code === 'input_not_found' ? missing(chosen) : error;
  });
  const object = path.startsWith(`${folder}/`) ? await storage.stat(path) : null;
  if (object?.kind !== 'file') throw missing(chosen);
  return object;
}

async function firstToShow(storage: Pick<Storage, 'list'>, folder: string): Promise<string> {
  const files = await storage.list(folder);
  const first = files.find(({ name }) => SHOWABLE.test(name)) ?? files[0];
  if (!first) throw new MillError('output_not_found', 'The output is an empty folder.');
  return first.name;
}

function missing(name: string): MillError {
  return new MillError('output_not_found', `The output has no file ${JSON.stringify(name)}.`, {
    facts: { name },
  });
}
