/** What the browser itself can tell of a file, before a byte of it is uploaded. */
import { extensionOf } from '../text/names';

export type Kind = 'video' | 'audio' | 'image' | 'other';

export interface LocalFacts {
  kind: Kind;
  duration_s: number | null;
  width: number | null;
  height: number | null;
  /** Address of a picture in this page. */
  poster: string | null;
}

const KINDS: [Kind, RegExp][] = [
  ['video', /^(mp4|m4v|mov|mkv|webm|ts|m2ts|avi|flv|mpg|mpeg|wmv|3gp|ogv|mxf)$/],
  ['audio', /^(mp3|m4a|aac|flac|wav|ogg|oga|opus|aif|aiff|wma|mka|amr|ape|wv)$/],
  ['image', /^(jpg|jpeg|png|gif|webp|avif|bmp|tif|tiff|heic|heif|jxl)$/],
];
/** Codecs that the browser does not know may never answer. */
const GIVE_UP_MS = 5000;
const POSTER_WIDTH = 640;

export function kindOf(name: string, type: string): Kind {
  const [kind] = type.split('/');
  if (kind === 'video' || kind === 'audio' || (kind === 'image' && type !== 'image/svg+xml')) return kind;
  return KINDS.find(([, names]) => names.test(extensionOf(name)))?.[0] ?? 'other';
}

export async function localFacts(file: File): Promise<LocalFacts> {
  const facts: LocalFacts = {
    kind: kindOf(file.name, file.type),
    duration_s: null,
    width: null,
    height: null,
    poster: null,
  };
  if (facts.kind === 'other') return facts;
  const url = URL.createObjectURL(file);
  if (facts.kind === 'image') return { ...facts, poster: url };
  try {
    return { ...facts, ...(await played(url, facts.kind)) };
  } catch {
    return facts;
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function played(url: string, kind: Kind): Promise<Partial<LocalFacts>> {
  const media = document.createElement(kind === 'audio' ? 'audio' : 'video');
  media.preload = 'auto';
  media.muted = true;
  media.src = url;
  try {
    await event(media, 'loadeddata');
    const duration_s = Number.isFinite(media.duration) ? media.duration : null;
    if (!(media instanceof HTMLVideoElement) || media.videoWidth === 0) return { duration_s };
    media.currentTime = Math.min(10, (duration_s ?? 0) * 0.1);
    await event(media, 'seeked');
    return { duration_s, width: media.videoWidth, height: media.videoHeight, poster: picture(media) };
  } finally {
    media.removeAttribute('src');
    media.load();
  }
}

function picture(video: HTMLVideoElement): string {
  const canvas = document.createElement('canvas');
  canvas.width = Math.min(POSTER_WIDTH, video.videoWidth);
  canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
  canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/jpeg', 0.8);
}

function event(media: HTMLMediaElement, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(reject, GIVE_UP_MS);
    media.addEventListener(name, () => resolve(clearTimeout(timer)), { once: true });
    media.addEventListener('error', reject, { once: true });
  });
}
