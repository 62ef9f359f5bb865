/** Names of files and jobs, as people know them. */
import type { Job } from '../api/types';

export function fileName(path: string | null | undefined): string {
  return path?.replace(/\/+$/, '').split('/').pop() ?? '';
}

/** What a row is called: the name the file had at its owner, its URL, or what comes out. */
export function jobName(
  job: Pick<Job, 'id' | 'input_path' | 'input_name' | 'output_path' | 'params'>,
): string {
  if (job.input_name) return job.input_name;
  if (job.input_path) return fileName(job.input_path);
  const { url, filename } = job.params;
  if (typeof url === 'string') return url;
  if (typeof filename === 'string') return filename;
  return fileName(job.output_path) || job.id;
}

export function extensionOf(name: string): string {
  return /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

/** "MP4", "URL", "DIR": what stands where there is no picture. */
export function formatTag(job: Pick<Job, 'input_path' | 'input_name' | 'output_path' | 'params'>): string {
  if (!job.input_path && typeof job.params.url === 'string') return 'URL';
  const name = job.input_name ?? fileName(job.input_path ?? job.output_path);
  return extensionOf(name).slice(0, 4).toUpperCase() || (job.input_path ? 'DIR' : '·');
}

/** "bitrate" → "Bit rate" where the schema says nothing better. */
export function titleOf(key: string): string {
  if (/^(crf|gop|fps|url)$/.test(key)) return key.toUpperCase();
  if (key === 'bitrate') return 'Bit rate';
  const words = key.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Names of sounds and pictures, by which a row knows whether to ask for a poster. */
const PICTURED =
  /^(mp4|m4v|mov|mkv|webm|ts|m2ts|avi|flv|mpg|mpeg|wmv|3gp|ogv|gif|webp|png|apng|jpg|jpeg|avif|bmp|tif|tiff|heic|jxl|mxf)$/;

export function mayHavePoster(job: Job): boolean {
  const kind = job.plan?.source_kind;
  if (kind) return kind === 'video' || kind === 'image';
  return PICTURED.test(extensionOf(fileName(job.input_path)));
}

/** "host:1234:ab" says less than "host"; the page of the system has all of it. */
export function workerName(worker: string): string {
  return worker.split(/[:/@]/)[0] ?? worker;
}
