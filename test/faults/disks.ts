/**
 * Small disks of our own, to fill them and to pull their plug. They are mounted, which takes root or a sudo that
 * asks for no password; where neither is there the tests that need them are left out, but not in CI.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { copyFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const MiB = 1024 ** 2;
const FILLER = 'filler';

/** Null when disks can be mounted here. */
export function whyNoDisks(): string | null {
  if (process.env.CI) return null; // Let the tests fail.
  const folder = mkdtempSync(join(tmpdir(), 'mill-disk-'));
  try {
    asRoot('mount', '-t', 'tmpfs', '-o', 'size=1m', 'mill-test', folder);
    asRoot('umount', folder);
    return null;
  } catch {
    return 'left out: small disks are mounted as root, or with a sudo that asks for no password';
  } finally {
    rmdirSync(folder);
  }
}

function asRoot(command: string, ...args: string[]): string {
  const [program, ...all] = process.getuid?.() === 0 ? [command, ...args] : ['sudo', '-n', command, ...args];
  return execFileSync(program as string, all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

async function mountPoint(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mill-disk-'));
  onTestFinished(async () => {
    // -l: a dying process may still look in.
    try {
      asRoot('umount', '-l', folder);
    } catch {
      // Nothing is mounted there any more.
    }
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

export interface SmallDisk {
  path: string;
  /** Takes all that is free, or leaves `left` bytes. */
  fill(left?: number): void;
  /** Gives it back. */
  clear(): void;
}

/** A disk of so many MiB, in memory. */
export async function smallDisk(mebibytes: number): Promise<SmallDisk> {
  const path = await mountPoint();
  asRoot('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=1777`, 'mill-test', path);
  return {
    path,
    fill(left = 0) {
      const file = openSync(join(path, FILLER), 'a');
      const fillWith = (chunk: Buffer): void => {
        try {
          for (;;) writeSync(file, chunk);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      };
      // The small steps take what the large ones leave.
      for (const step of [MiB, 4096]) fillWith(Buffer.alloc(step, 1));
      closeSync(file);
      if (left > 0) execFileSync('truncate', ['-s', `-${left}`, join(path, FILLER)]);
    },
    clear: () => rmSync(join(path, FILLER), { force: true }),
  };
}

export interface PluggedDisk {
  path: string;
  /** Cuts so far; `unsynced-N` was written right before cut N, and `synced` at the beginning. */
  readonly cuts: number;
  /**
   * The disk as it is found after a power cut at this moment: only what was synced, or written back by chance, is on
   * it. Nothing may write meanwhile. Answers where the copy is mounted.
   */
  afterPowerCut(): Promise<string>;
}

/** A file system in an image file: what has not been synced is in the memory of the kernel, and not in the image. */
export async function pluggedDisk(mebibytes: number): Promise<PluggedDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'mill-image-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const image = join(folder, 'image');
  const path = await mountImage(image, mebibytes);
  let cuts = 0;
  return {
    path,
    get cuts() {
      return cuts;
    },
    async afterPowerCut() {
      cuts += 1;
      // To see that the cut is one: of this file the disk has the name at most.
      await writeFile(join(path, `unsynced-${cuts}`), 'x'.repeat(100_000));
      const copy = join(folder, `cut-${cuts}`);
      await copyFile(image, copy);
      return await mount(copy);
    },
  };
}

async function mountImage(image: string, mebibytes: number): Promise<string> {
  await writeFile(image, '');
  await truncate(image, mebibytes * MiB);
  execFileSync('/sbin/mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]);
  const path = await mount(image);
  asRoot('chmod', '1777', path);
  const file = openSync(join(path, 'synced'), 'w');
  writeSync(file, 'x'.repeat(100_000));
  fsyncSync(file);
  closeSync(file);
  return path;
}

async function mount(image: string): Promise<string> {
  const path = await mountPoint();
  // commit: the file system shall not sync by itself while a test looks.
  asRoot('mount', '-o', 'loop,commit=300', image, path);
  return path;
}
