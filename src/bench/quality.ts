/** What came out on either side, judged by the rival's own tools: neither side is its own judge. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommands } from './cost.ts';
import type { Check } from './operation.ts';
import type { Rival } from './rival.ts';

export interface Quality {
  /** Bytes of the file, or of all files in the folder. */
  bytes: number;
  /** Frames of a film. */
  frames: number | null;
  /** Pictures in a folder. */
  pictures: number | null;
  duration_s: number | null;
  /** Against the source at the size of the result; null where it does not apply or the rival lacks the filter. */
  ssim: number | null;
  xpsnr_db: number | null;
  /** Times of the cuts, in milliseconds. */
  cuts: number[] | null;
}

export async function judge(
  rival: Rival,
  check: Check,
  made: string,
  source: string,
  signal: AbortSignal,
): Promise<Quality> {
  const quality: Quality = {
    bytes: await bytesOf(made),
    frames: null,
    pictures: null,
    duration_s: null,
    ssim: null,
    xpsnr_db: null,
    cuts: null,
  };
  if (check === 'film') return { ...quality, ...(await judgeFilm(rival, made, source, signal)) };
  if (check === 'frames') {
    const { packets, duration_s } = await streamFacts(rival, made, 'v:0', signal);
    return { ...quality, frames: packets, duration_s };
  }
  if (check === 'sound') {
    const { duration_s } = await streamFacts(rival, made, 'a:0', signal);
    return { ...quality, duration_s };
  }
  if (check === 'pictures') return { ...quality, pictures: await picturesIn(made) };
  if (check === 'cuts') return { ...quality, cuts: await cutsIn(made) };
  return quality;
}

/** Seconds of a file. */
export async function durationOf(rival: Rival, file: string, signal: AbortSignal): Promise<number> {
  const command = [rival.ffprobe, '-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', file];
  return Number((await runCommands([command], signal)).stdout.toString());
}

async function judgeFilm(
  rival: Rival,
  made: string,
  source: string,
  signal: AbortSignal,
): Promise<Partial<Quality>> {
  const { size, packets, duration_s } = await streamFacts(rival, made, 'v:0', signal);
  const [ssim, xpsnr] = await Promise.all(
    ['ssim', 'xpsnr'].map((filter) =>
      rival.hasFilter(filter) ? compare(rival, filter, [made, source], size, signal) : null,
    ),
  );
  return {
    frames: packets,
    duration_s,
    ssim: numberIn(ssim, /All:([\d.]+)/),
    xpsnr_db: numberIn(xpsnr, /XPSNR\s+y: ([\d.]+)/),
  };
}

async function compare(
  { ffmpeg }: Rival,
  filter: string,
  [made, source]: [made: string, source: string],
  { width, height }: { width: number; height: number },
  signal: AbortSignal,
): Promise<string> {
  // Frame by frame in order: both sides have the same frames, and containers round their times differently.
  // xpsnr crashes on links without a frame rate, which setpts forgets and fps tells again.
  const inOrder = 'settb=1/30,setpts=N,fps=30';
  const graph = `[0:v]${inOrder}[a];[1:v]scale=${width}:${height}:flags=bicubic,${inOrder}[b];[a][b]${filter}`;
  const command = [ffmpeg, '-hide_banner', '-nostdin', '-i', made, '-i', source, '-lavfi', graph];
  const { stderr } = await runCommands([[...command, '-an', '-f', 'null', '-']], signal);
  return stderr;
}

async function streamFacts(
  { ffprobe }: Rival,
  file: string,
  stream: string,
  signal: AbortSignal,
): Promise<{ packets: number; duration_s: number; size: { width: number; height: number } }> {
  const options = ['-v', 'error', '-select_streams', stream, '-count_packets'];
  const entries = ['-show_entries', 'stream=nb_read_packets,width,height:format=duration', '-of', 'json'];
  const { stdout } = await runCommands([[ffprobe, ...options, ...entries, file]], signal);
  const { streams, format } = JSON.parse(stdout.toString());
  const { nb_read_packets: packets, width, height } = streams[0] ?? {};
  return { packets: Number(packets), duration_s: Number(format.duration), size: { width, height } };
}

async function bytesOf(path: string): Promise<number> {
  const stats = await stat(path).catch(() => null);
  if (!stats?.isDirectory()) return stats?.size ?? 0;
  const sizes = await Promise.all((await readdir(path)).map((name) => bytesOf(join(path, name))));
  return sizes.reduce((total, size) => total + size, 0);
}

async function picturesIn(folder: string): Promise<number> {
  return (await readdir(folder)).filter((name) => name.endsWith('.jpg')).length;
}

/** From our JSON, or from what the rival's metadata filter wrote. */
async function cutsIn(file: string): Promise<number[]> {
  const text = await readFile(file, 'utf8');
  const seconds = file.endsWith('.json')
    ? (JSON.parse(text).cuts as { time_s: number }[]).map(({ time_s }) => time_s)
    : [...text.matchAll(/pts_time:([\d.]+)/g)].map((match) => Number(match[1]));
  return seconds.map((second) => Math.round(second * 1000));
}

function numberIn(text: string | null | undefined, pattern: RegExp): number | null {
  const found = text?.match(pattern)?.[1];
  return found === undefined ? null : Number(found);
}
