/**
 * What a job process is kept from, beyond what its code does not do: the network, where the system lets an ordinary
 * user take it away, and writing outside of work folders with Node's own functions. Native code is not held by the
 * latter; memory limit and deadline hold for both.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface Cage {
  /** Command and arguments before `node` that take the network away; null where that is not possible. */
  offline: readonly string[] | null;
  /** Folders that JavaScript in the process may write to; null for all. */
  writable: readonly string[] | null;
}

export interface CageReport {
  offline: boolean;
  /** Why not. */
  reason: string | null;
}

/**
 * A network namespace of its own has no way out, not even to this machine. The user namespace is what allows an
 * ordinary user to make one; user and files stay what they are. `unshare` replaces itself, so the process is ours.
 */
const UNSHARE = ['unshare', '--user', '--map-current-user', '--net', '--'];
const TRIAL_MS = 5000;

/** Tries it out. */
export async function findCage(
  writable: readonly string[] | null,
): Promise<{ cage: Cage; report: CageReport }> {
  const report = await tryOffline();
  return { cage: { offline: report.offline ? UNSHARE : null, writable }, report };
}

async function tryOffline(): Promise<CageReport> {
  if (process.platform !== 'linux') return { offline: false, reason: `there is none on ${process.platform}` };
  const [command = '', ...args] = UNSHARE;
  try {
    await promisify(execFile)(command, [...args, process.execPath, '--version'], { timeout: TRIAL_MS });
    return { offline: true, reason: null };
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') return { offline: false, reason: 'unshare (util-linux) is not installed' };
    return { offline: false, reason: stderr?.trim().split('\n')[0] || 'the system does not allow it' };
  }
}

/** For `fork`: what is started, and with which arguments before the module. */
export function commandIn(
  cage: Cage | null,
  { online, alsoWritable }: { online: boolean; alsoWritable: readonly string[] },
): { execPath: string; execArgv: string[] } {
  const node = process.execPath;
  const flags = cage?.writable ? permissions([...cage.writable, ...alsoWritable]) : [];
  const [wrapper, ...before] = (!online && cage?.offline) || [];
  if (wrapper === undefined) return { execPath: node, execArgv: flags };
  return { execPath: wrapper, execArgv: [...before, node, ...flags] };
}

/** https://nodejs.org/api/permissions.html. Reading stays open: inputs lie wherever the storage says. */
function permissions(writable: readonly string[]): string[] {
  return [
    '--permission',
    '--allow-fs-read=*',
    // With `/*` also for a folder that is made later: Node looks only once what a path is.
    ...writable.flatMap((path) => [`--allow-fs-write=${path}`, `--allow-fs-write=${path}/*`]),
    '--allow-addons',
    '--allow-worker',
    // exiftool
    '--allow-child-process',
    // That these allow much is known; it would be printed at every start.
    '--disable-warning=SecurityWarning',
  ];
}
