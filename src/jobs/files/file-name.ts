/**
 * File names that are safe on Linux, macOS and Windows, on a command line and in a listing.
 * Windows' rules: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
 */

/** Longest name of ext4, APFS and most others. */
const MAX_NAME_BYTES = 255;
/** A longer last part is no extension but text after a dot. */
const MAX_EXTENSION_BYTES = 32;
const REPLACEMENT = '_';
const EMPTY_NAME = 'unnamed';

/**
 * Controls, and characters that nobody sees: format characters (bidirectional controls, zero-width spaces and
 * joiners, byte order marks, tags), line and paragraph separators, and the letters that are drawn as nothing.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115F\u1160\u2800\u3164\uFFA0]|\u034F|\u17B4|\u17B5/gu;
/** Separators of paths, what Windows refuses in names, and the stand-in for text that was broken already. */
const FORBIDDEN = /[/\\<>:"|?*\uFFFD]/g;
const RESERVED = /^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])\s*(?:\.|$)/i;

/** Safe form of any text; applying it twice changes nothing more. */
export function sanitizeFileName(name: string): string {
  const visible = name
    .toWellFormed()
    .replace(INVISIBLE, '')
    .replace(/\p{Zs}/gu, ' ');
  const plain = visible.normalize('NFC').replace(FORBIDDEN, REPLACEMENT);
  // Cutting can uncover a reserved name, and guarding one makes the name longer.
  let safe = plain;
  let before: string;
  do {
    before = safe;
    safe = shorten(guardStart(trimEnds(safe)));
  } while (safe !== before);
  return safe;
}

function guardStart(name: string): string {
  if (name === '') return EMPTY_NAME;
  if (name.startsWith('-')) return `${REPLACEMENT}${name.slice(1)}`;
  return RESERVED.test(name) ? `${REPLACEMENT}${name}` : name;
}

/** Windows drops spaces and dots at the end; spaces at the start are lost on command lines. */
function trimEnds(name: string): string {
  return name.replace(/^ +/, '').replace(/[ .]+$/, '');
}

function shorten(name: string): string {
  if (byteLength(name) <= MAX_NAME_BYTES) return name;
  const extension = keptExtension(name);
  const stem = name.slice(0, name.length - extension.length);
  const cut = trimEnds(firstBytes(stem, MAX_NAME_BYTES - byteLength(extension)));
  return `${cut === '' ? EMPTY_NAME : cut}${extension}`;
}

function keptExtension(name: string): string {
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot) : '';
  return byteLength(extension) <= MAX_EXTENSION_BYTES ? extension : '';
}

/** As many whole characters, as people count them, as fit; code points when not even one fits. */
function firstBytes(text: string, limit: number): string {
  const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(text);
  const whole = takeWhileFits(
    (function* () {
      for (const { segment } of graphemes) yield segment;
    })(),
    limit,
  );
  return whole === '' ? takeWhileFits(text, limit) : whole;
}

function takeWhileFits(parts: Iterable<string>, limit: number): string {
  let taken = '';
  let left = limit;
  for (const part of parts) {
    left -= byteLength(part);
    if (left < 0) break;
    taken += part;
  }
  return taken;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
