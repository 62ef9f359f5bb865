/**
 * Where this process runs, as far as processes can judge each other: the same *place* means the same kernel
 * boot and the same process-id namespace, so that a process id seen there is the same process here.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';

/** Host name in the characters a worker id may hold. */
export function hostName(): string {
  return os.hostname().replaceAll(/[^A-Za-z0-9.-]/g, '-') || 'host';
}

let place: string | null | undefined;

/**
 * Eight hex digits that name this place; null where it cannot be known, and then nobody here may call another
 * process dead. On Linux: boot id and pid namespace. Elsewhere there are no pid namespaces: the host name.
 */
export function placeName(): string | null {
  if (place === undefined) place = readPlace();
  return place;
}

function readPlace(): string | null {
  if (process.platform !== 'linux') return shortHash(`${process.platform} ${os.hostname()}`);
  const boot = bootId();
  const namespace = orNull(() => readlinkSync('/proc/self/ns/pid'));
  // A /proc of another namespace would tell about other processes under our numbers.
  const seenAs = orNull(() => Number.parseInt(readFileSync('/proc/self/stat', 'latin1'), 10));
  if (boot === null || namespace === null || seenAs !== process.pid) return null;
  return shortHash(`linux ${boot} ${namespace}`);
}

/** Identity of this boot of the kernel; null where the system does not tell. */
export function bootId(): string | null {
  return orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
