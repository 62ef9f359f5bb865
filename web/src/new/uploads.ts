/** Files on their way to the server; they go on while other pages are looked at, and after a reload. */
import { useSyncExternalStore } from 'react';
import { Failed } from '../api/client';
import { inNextFrame } from '../live/emitter';
import { type LocalFacts, localFacts } from './local-facts';

export interface Upload {
  key: string;
  file: File;
  state: 'waiting' | 'uploading' | 'paused' | 'done' | 'failed';
  sent: number;
  /** Bytes a second, of late. */
  rate: number;
  /** Was a part of it there already? */
  resumed: boolean;
  error: string | null;
  file_id: string | null;
  path: string | null;
  facts: LocalFacts | null;
}

interface Stored {
  file_id: string;
  path: string;
}

/** More at a time make none of them faster. */
const AT_ONCE = 3;
/** Of the measured rate: new value against what it was. */
const SMOOTH = 0.3;
const MEASURE_MS = 500;

let uploads: readonly Upload[] = [];
let count = 0;
const listeners = new Set<() => void>();
const running = new Map<string, { pause(): void; cancel(): void }>();
const settled = new Map<string, (() => void)[]>();
const tell = inNextFrame(() => {
  for (const listener of [...listeners]) listener();
});

function change(key: string, part: Partial<Upload>): void {
  uploads = uploads.map((one) => (one.key === key ? { ...one, ...part } : one));
  tell();
}

const find = (key: string) => uploads.find((one) => one.key === key);

export function addFiles(files: readonly File[]): Upload[] {
  const added = files.map((file): Upload => {
    const key = `upload-${++count}`;
    localFacts(file).then((facts) => change(key, { facts }));
    return {
      key,
      file,
      state: 'waiting',
      sent: 0,
      rate: 0,
      resumed: false,
      error: null,
      file_id: null,
      path: null,
      facts: null,
    };
  });
  uploads = [...uploads, ...added];
  tell();
  pump();
  return added;
}

function pump(): void {
  for (const upload of uploads) {
    if (running.size >= AT_ONCE) return;
    if (upload.state === 'waiting' && !running.has(upload.key)) void send(upload);
  }
}

async function send({ key, file }: Upload): Promise<void> {
  running.set(key, { pause: () => {}, cancel: () => {} });
  change(key, { state: 'uploading', error: null });
  const rate = meter();
  try {
    const { sendFile } = await import('./send-file');
    const stored: Stored = await sendFile(file, {
      control: (control) => running.set(key, control),
      progress: (sent) => change(key, { sent, rate: rate(sent) }),
      resumed: (sent) => change(key, { resumed: true, sent }),
    });
    change(key, { state: 'done', sent: file.size, ...stored });
  } catch (error) {
    // Paused and left out are no failures.
    if (find(key)?.state === 'uploading') {
      change(key, { state: 'failed', error: error instanceof Failed ? error.message : String(error) });
    }
  } finally {
    running.delete(key);
    const state = find(key)?.state;
    if (state !== 'paused') {
      for (const run of settled.get(key) ?? []) run();
      settled.delete(key);
    }
    pump();
  }
}

function meter(): (sent: number) => number {
  let at = performance.now();
  let before = 0;
  let rate = 0;
  return (sent) => {
    const passed = performance.now() - at;
    if (passed < MEASURE_MS) return rate;
    const measured = ((sent - before) * 1000) / passed;
    rate = rate === 0 ? measured : rate + SMOOTH * (measured - rate);
    at = performance.now();
    before = sent;
    return rate;
  };
}

export function pauseUpload(key: string): void {
  const control = running.get(key);
  change(key, { state: 'paused', rate: 0 });
  control?.pause();
}

export function resumeUpload(key: string): void {
  change(key, { state: 'waiting', error: null });
  pump();
}

/** Leaves the file out; what was uploaded of it is dropped by the server. */
export function leaveOut(keys: readonly string[]): void {
  for (const key of keys) {
    const upload = find(key);
    if (upload?.facts?.poster?.startsWith('blob:')) URL.revokeObjectURL(upload.facts.poster);
    running.get(key)?.cancel();
  }
  uploads = uploads.filter((one) => !keys.includes(one.key));
  tell();
}

/** Forgets files that are handed in; their jobs have them now. */
export function forgetUploads(keys: readonly string[]): void {
  uploads = uploads.filter((one) => !keys.includes(one.key));
  tell();
}

/** Resolves when the file is there; null when it failed or was left out. */
export async function uploaded(key: string): Promise<Stored | null> {
  for (;;) {
    const upload = find(key);
    if (!upload || upload.state === 'failed') return null;
    if (upload.state === 'done' && upload.path) return { file_id: upload.file_id ?? '', path: upload.path };
    await new Promise<void>((resolve) => settled.set(key, [...(settled.get(key) ?? []), resolve]));
  }
}

export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => uploads,
  );
}

/** One file of a field, apart from the list. */
export async function uploadOne(file: File): Promise<Stored> {
  const { sendFile } = await import('./send-file');
  return sendFile(file, { control: () => {}, progress: () => {}, resumed: () => {} });
}
