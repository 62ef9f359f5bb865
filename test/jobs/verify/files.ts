/** One file of every container, and ways to harm it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { audioFile, cached, counterVideo, toneWav, type VideoOptions } from '../../fixtures/media/index.ts';

const film =
  (options: VideoOptions = {}) =>
  () =>
    counterVideo({ frames: 50, audio: [{ codec: 'aac' }], ...options });

export const FILMS: Record<string, () => Promise<string>> = {
  'mp4 with its index in front': film(),
  'mp4 with its index at the end': film({ layout: 'index_last' }),
  'fragmented mp4': film({ layout: 'fragmented' }),
  mov: film({ container: 'mov', codec: 'prores', audio: [{ codec: 'pcm' }] }),
  mkv: film({ container: 'mkv', codec: 'hevc', audio: [{ codec: 'ac3' }, { codec: 'flac' }] }),
  webm: film({ container: 'webm', codec: 'vp9', audio: [{ codec: 'opus' }] }),
  avi: film({ container: 'avi', codec: 'mpeg4', audio: [{ codec: 'mp3' }] }),
  ts: film({ container: 'ts', bFrames: 2 }),
  flv: film({ container: 'flv' }),
};

export const SOUNDS: Record<string, () => Promise<string>> = {
  m4a: () => audioFile({ codec: 'aac', seconds: 3 }),
  mp3: () => audioFile({ codec: 'mp3', seconds: 3, cover: 'jpg' }),
  opus: () => audioFile({ codec: 'opus', seconds: 3 }),
  ogg: () => audioFile({ codec: 'vorbis', seconds: 3 }),
  flac: () => audioFile({ codec: 'flac', seconds: 3, cover: 'png' }),
  wav: () => toneWav({ seconds: 3, channels: 2 }),
  'wav of six channels': () => toneWav({ seconds: 1, channels: 6, bits: 24 }),
};

/** More ways in which a whole film may be made; nothing is wrong with any of them. */
export const UNUSUAL: Record<string, () => Promise<string>> = {
  'a variable frame rate': film({ vfr: true }),
  'a variable frame rate in mkv': film({ vfr: true, container: 'mkv' }),
  'a start below zero': film({ start: -0.2 }),
  'a late start': film({ start: 1, container: 'mkv' }),
  'an edit list': film({ editList: { startS: 0.5, endS: 1.5 } }),
  'B-frames': film({ bFrames: 3 }),
  'open GOPs': film({ gop: 10, bFrames: 3, openGop: true, container: 'ts' }),
  'a cover': film({ cover: 'jpg' }),
  AV1: film({ codec: 'av1' }),
  'no sound': film({ audio: [] }),
  'text and fonts': film({
    container: 'mkv',
    subtitles: [{ codec: 'ass' }],
    attachments: [{ name: 'font.txt' }],
  }),
};

/** A copy without the bytes from `from` to `to`, both shares of the file. */
export function without(path: string, from: number, to: number): Promise<string> {
  return cached('without', extname(path), [path, from, to], (copy) => {
    const bytes = readFileSync(path);
    const [a, b] = [from, to].map((share) => Math.floor(bytes.length * share));
    writeFileSync(copy, Buffer.concat([bytes.subarray(0, a), bytes.subarray(b)]));
  });
}

/** A copy under another extension. */
export function renamed(path: string, extension: string): Promise<string> {
  return cached('renamed', extension, path, (copy) => writeFileSync(copy, readFileSync(path)));
}
