/** How stored bytes are described to a browser, so that none of them can run as a page of ours. */
import { lookup } from 'mime-types';

/** Types whose names mime-types has older or other ideas about. */
const TYPES: Record<string, string> = {
  '.flac': 'audio/flac',
  '.m4a': 'audio/mp4',
  '.mkv': 'video/matroska',
  '.opus': 'audio/ogg',
  '.ts': 'video/mp2t',
  '.wav': 'audio/wav',
  '.vtt': 'text/vtt; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
};

/** Pictures made of pixels: they cannot carry scripts. */
const RASTER =
  /^image\/(png|apng|jpeg|gif|webp|avif|bmp|jxl|tiff|heic|heif|jp2|x-icon|vnd\.microsoft\.icon)$/;
const PLAYABLE = /^(audio|video)\//;

export function mediaTypeOf(name: string): string {
  const extension = /\.[^./]+$/.exec(name)?.[0].toLowerCase() ?? '';
  return TYPES[extension] ?? (lookup(extension) || 'application/octet-stream');
}

/** May it be shown in place? Everything else is offered as a download. */
export function isInline(mediaType: string): boolean {
  return RASTER.test(mediaType) || PLAYABLE.test(mediaType);
}

/** RFC 6266: a plain name for old readers, RFC 8187 for the rest. */
export function contentDisposition(name: string, inline: boolean): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const type = inline ? 'inline' : 'attachment';
  return `${type}; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${encodeName(name)}`}`;
}

function encodeName(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
