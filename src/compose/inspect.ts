/** What this machine can do, for `doctor` and the System page. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { EncoderOption } from '../core/encoder-option.ts';
import type { CageReport } from '../runner/cage.ts';

/** What FFmpeg can do on this machine. */
export interface EngineReport {
  ffmpeg_version?: string;
  encoders?: { name: string; works: boolean; reason?: string | null }[];
  /** Of devices: codecs that each decodes, those that come out differently there, and why it decodes nothing. */
  decoders?: { name: string; codecs: string[]; differs: string[]; reason: string | null }[];
  /** Why there is nothing to report. */
  problem?: string;
}

/** Encoders are tried one by one, hardware among them; a driver that hangs must not hang the caller. */
const INSPECTION_MS = 60_000;

/** Reading a table takes a moment; loading FFmpeg takes longer. */
const TABLE_MS = 20_000;

/** Looks in a process of its own: a broken graphics driver ends that process, not this one. */
export async function inspectEngine(): Promise<EngineReport> {
  const entry = engineEntry('inspect-main');
  if (!existsSync(entry)) return { problem: 'this installation is incomplete: the inspection is missing' };
  try {
    return (await answerOf(entry, [], INSPECTION_MS)) as EngineReport;
  } catch (error) {
    const { killed, signal, stderr } = error as { killed?: boolean; signal?: string; stderr?: string };
    if (killed) return { problem: `the inspection did not end within ${INSPECTION_MS / 1000} s` };
    const why = stderr?.split('\n').find((line) => /^\S*Error\b/.test(line));
    return { problem: signal ? `the inspection was ended by ${signal}` : (why ?? String(error)) };
  }
}

/** Options of an encoder by FFmpeg's own table; null when this FFmpeg does not have it. */
export async function encoderOptions(name: string): Promise<EncoderOption[] | null> {
  return (await answerOf(engineEntry('encoder-options-main'), [name], TABLE_MS)) as EncoderOption[] | null;
}

function engineEntry(name: string): string {
  const own = new URL(import.meta.url);
  return fileURLToPath(new URL(`../engine/${name}${extname(own.pathname)}`, own));
}

async function answerOf(entry: string, args: string[], timeout: number): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [entry, ...args], {
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: 8 * 1024 * 1024,
  });
  return JSON.parse(stdout);
}

/** For `doctor`: can job processes be kept off the network here, and if not, why. */
export async function inspectCage(): Promise<CageReport> {
  const { findCage } = await import('../runner/cage.ts');
  return (await findCage(null)).report;
}
