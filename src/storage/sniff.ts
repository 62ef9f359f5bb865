/**
 * The extension of an upload, from its content and never from the client's name: FFmpeg picks demuxers by
 * name (an HLS playlist by `.m3u8`), and browsers pick viewers by it. The list is closed; whatever is not on
 * it becomes `.txt` or `.bin`.
 */
import { open } from 'node:fs/promises';
import { type FileTypeResult, fileTypeFromBuffer, fileTypeFromFile } from 'file-type';

/** Extension by what file-type calls the content. */
const EXTENSIONS: Record<string, string> = {
  // video
  mp4: '.mp4',
  m4v: '.m4v',
  mov: '.mov',
  mkv: '.mkv',
  webm: '.webm',
  avi: '.avi',
  flv: '.flv',
  mpg: '.mpg',
  mts: '.ts',
  mxf: '.mxf',
  ogv: '.ogv',
  ogm: '.ogv',
  '3gp': '.3gp',
  '3g2': '.3g2',
  mj2: '.mj2',
  asf: '.asf',
  wmv: '.asf',
  // audio
  mp3: '.mp3',
  mp2: '.mp2',
  mp1: '.mp2',
  m4a: '.m4a',
  m4b: '.m4a',
  m4p: '.m4a',
  f4a: '.m4a',
  f4b: '.m4a',
  f4v: '.mp4',
  f4p: '.mp4',
  oga: '.ogg',
  ogg: '.ogg',
  ogx: '.ogg',
  spx: '.ogg',
  opus: '.opus',
  flac: '.flac',
  wav: '.wav',
  aac: '.aac',
  ac3: '.ac3',
  aif: '.aiff',
  amr: '.amr',
  ape: '.ape',
  wv: '.wv',
  dsf: '.dsf',
  mpc: '.mpc',
  // images
  jpg: '.jpg',
  png: '.png',
  apng: '.png',
  gif: '.gif',
  webp: '.webp',
  avif: '.avif',
  heic: '.heic',
  jxl: '.jxl',
  jp2: '.jp2',
  bmp: '.bmp',
  tif: '.tif',
  dng: '.dng',
  cr2: '.cr2',
  cr3: '.cr3',
  nef: '.nef',
  arw: '.arw',
  psd: '.psd',
  // archives and documents that tasks take as plain files
  zip: '.zip',
  gz: '.gz',
  'tar.gz': '.gz',
  tar: '.tar',
  zst: '.zst',
  xz: '.xz',
  '7z': '.7z',
  pdf: '.pdf',
};

const TEXT = '.txt';
const BYTES = '.bin';

/** Every extension an upload may have. */
export const UPLOAD_EXTENSIONS: readonly string[] = [...new Set([...Object.values(EXTENSIONS), TEXT, BYTES])];

/** Bytes looked at to tell text from anything else, and after an ID3 tag. */
const SAMPLE_BYTES = 4100;
const ID3_HEADER_BYTES = 10;

/** Bytes of the beginning that are enough for {@link sniffHead}. */
export const HEAD_BYTES = 1024 ** 2;

export function sniffExtension(file: string): Promise<string> {
  return sniff(
    () => fileTypeFromFile(file),
    (position) => readSample(file, position),
  );
}

/** By the beginning alone, for content that is not here as a file. */
export function sniffHead(head: Buffer): Promise<string> {
  return sniff(
    () => fileTypeFromBuffer(head),
    async (position) => head.subarray(position, position + SAMPLE_BYTES),
  );
}

type Sample = (position: number) => Promise<Buffer>;

async function sniff(
  recognise: () => Promise<FileTypeResult | undefined>,
  sampleAt: Sample,
): Promise<string> {
  // Content that breaks the parser is simply not recognised.
  const found = await recognise().catch(() => undefined);
  const known = found && EXTENSIONS[found.ext];
  if (known) return known;
  const sample = await sampleAt(0);
  if (sample.subarray(0, 3).toString('latin1') === 'ID3') return behindId3(sampleAt, sample);
  return !found?.mime.startsWith('application/') && isText(sample) ? TEXT : BYTES;
}

/** file-type gives up on tags longer than a few kB, such as an album cover. */
async function behindId3(sampleAt: Sample, head: Buffer): Promise<string> {
  if (head.length < ID3_HEADER_BYTES) return BYTES;
  // Four bytes of seven bits each: https://id3.org/id3v2.4.0-structure, section 6.2
  const [a = 0, b = 0, c = 0, d = 0] = head.subarray(6, 10);
  const length = ((a & 127) << 21) | ((b & 127) << 14) | ((c & 127) << 7) | (d & 127);
  const found = await fileTypeFromBuffer(await sampleAt(ID3_HEADER_BYTES + length)).catch(() => undefined);
  return (found && EXTENSIONS[found.ext]) ?? '.mp3';
}

async function readSample(file: string, position: number): Promise<Buffer> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, position);
  return buffer.subarray(0, bytesRead);
}

function isText(sample: Buffer): boolean {
  if (sample.length === 0) return false;
  // A character cut in two at the end of the sample is no sign of binary data: `stream` tolerates it.
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(sample, { stream: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    return !/[\u0000-\u0008\u000e-\u001a]/.test(text);
  } catch {
    return false;
  }
}
