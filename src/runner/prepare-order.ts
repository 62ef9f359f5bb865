/** Turns a claimed job into a work order: checks, fetches its inputs, and notes what users may see of them. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MillError } from '../core/errors.ts';
import { type AnyJob, isMediaJob } from '../core/job.ts';
import {
  defaultExtension,
  inputReferences,
  mapInputs,
  outputTarget,
  type Registry,
} from '../core/registry.ts';
import type { JobRecord } from '../queue/port.ts';
import type { Storage, StoredObject } from '../storage/port.ts';
import { mediaTypeOf } from './media-types.ts';
import { makePartial, PARTIAL_FROM_BYTES, type PartialInput } from './partial-input.ts';
import type { WorkOrder } from './protocol.ts';

/** Left free for the queue's database and everything else on the disk. */
const RESERVE_BYTES = 64 * 1024 ** 2;
/** Room an output may need, as a multiple of its inputs: re-encoded at a higher quality, or as frames. */
const OUTPUT_PER_INPUT = 2;

export interface PreparedOrder {
  order: WorkOrder;
  inputBytes: number;
  /** Local path of the result to publish, and where; null when the job has nothing to publish. */
  publication: { local: string; path: string } | null;
  /** Bytes that came over the network so far; null where inputs lie on this machine. */
  fetchedBytes(): number | null;
  /** Brings bytes of an input that is not here whole; null when all are. */
  partial: PartialInput | null;
  /** What users see instead of paths of this host. */
  shown: Map<string, string>;
}

/** Throws what the storage and the registry throw, and `disk_full` before a job that could fill the disk. */
export async function prepareOrder(
  record: JobRecord,
  work: string,
  surroundings: {
    registry: Registry;
    storage: Storage;
    /** Brings inputs whole; default the storage, from which large ones may come in parts. */
    fetch?: Storage['fetch'] | undefined;
    signal?: AbortSignal;
  } & Pick<WorkOrder, 'threads' | 'network'>,
): Promise<PreparedOrder> {
  const { registry, storage, fetch, signal, threads, network } = surroundings;
  const job = registry.get(record.task);
  const output = job.output.kind === 'none' ? null : record.output_path;
  const target = outputTarget(
    job,
    output ?? record.task + defaultExtension(job, record.input_path, record.params),
  ).name;

  const input = job.input.kind === 'none' ? null : record.input_path;
  const references = new Set(inputReferences(job, record.params));
  if (input !== null) references.add(input);
  const inputs = await Promise.all([...references].map((reference) => findInput(storage, reference)));
  const inputBytes = inputs.reduce((sum, { bytes }) => sum + bytes, 0);
  await checkFreeSpace(storage, job, inputBytes);

  const folder = join(work, 'out');
  await mkdir(folder);
  const hosts = new Map<string, string>();
  const shown = new Map([[work, 'work']]);
  let partial: PartialInput | null = null;
  let fetched = 0;
  for (const { reference, path, object } of inputs) {
    // A folder for each: two inputs may have the same name.
    const own = join(work, 'in', String(hosts.size));
    await mkdir(own, { recursive: true });
    let host: string;
    if (object && reference === input && !fetch && mayBePartial(storage, job, object)) {
      host = join(own, object.name);
      partial = await makePartial(storage, object, host, signal);
    } else {
      host = await (fetch ?? storage.fetch)(path, own, signal);
      fetched += object?.size_bytes ?? 0;
    }
    hosts.set(reference, host);
    shown.set(host, path);
  }
  const local = join(folder, target);
  if (output !== null) shown.set(local, output);
  return {
    order: {
      id: record.id,
      task: record.task,
      params: mapInputs(job, record.params, (reference) => hosts.get(reference) ?? reference),
      input: input === null ? null : (hosts.get(input) ?? null),
      ...(partial && { partial: { size_bytes: partial.size } }),
      target,
      work: folder,
      threads,
      network,
      ...(job.usesNetwork && { online: true }),
    },
    inputBytes,
    fetchedBytes: () => (storage.remote ? fetched + (partial?.moved ?? 0) : null),
    partial,
    publication: output === null ? null : { local, path: output },
    shown,
  };
}

/** Jobs on bytes read all of them, and so do small inputs. */
function mayBePartial(storage: Storage, job: AnyJob, { kind, size_bytes }: StoredObject): boolean {
  return storage.remote && isMediaJob(job) && kind === 'file' && size_bytes >= PARTIAL_FROM_BYTES;
}

async function findInput(storage: Storage, reference: string) {
  const path = await storage.resolve(reference, 'read');
  const object = await storage.stat(path);
  return { reference, path, object, bytes: object?.size_bytes ?? 0 };
}

async function checkFreeSpace(storage: Storage, job: AnyJob, inputBytes: number): Promise<void> {
  const free = await storage.freeBytes();
  // A job that only looks at its input seldom needs all of it.
  const looks = isMediaJob(job) && writesText(job);
  const fetched = storage.remote && !looks ? inputBytes : 0;
  const needed = RESERVE_BYTES + fetched + (writesText(job) ? 0 : OUTPUT_PER_INPUT * inputBytes);
  if (free === null || free >= needed) return;
  throw new MillError(
    'disk_full',
    `The job was not started: it may need ${needed} bytes, ${free} are free.`,
    {
      facts: { free_bytes: free, needed_bytes: needed },
    },
  );
}

/** A report about a file is small, whatever the size of the file. */
function writesText(job: AnyJob): boolean {
  const { kind, extensions } = job.output;
  if (kind === 'none') return true;
  const types = extensions.map((extension) => mediaTypeOf(`report${extension}`));
  return (
    kind === 'file' &&
    types.length > 0 &&
    types.every((type) => type.startsWith('text/') || type === 'application/json')
  );
}
