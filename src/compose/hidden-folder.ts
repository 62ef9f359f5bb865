import { join } from 'node:path';
import type { Config } from '../core/config.ts';

/** A folder of ours that no listing shows: in a root of the storage, with a bucket beside the work folder. */
export function hiddenFolder({ storage }: Config, area: 'input' | 'output', name: string): string {
  return storage.type === 's3'
    ? `${storage.s3.work_path}.${name}`
    : join(storage[`${area}_path`], `.${name}`);
}
