/** What a client calls a file: kept to be shown, never used to open, store or send anything. */

/** Characters kept of a name; of a longer one the beginning and the end, where the extension is. */
const LONGEST = 255;
const END = 60;
/** Control characters, and those that turn the direction of the text after them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/g;

/** Null when nothing is left of it. */
export function originalNameOf(given: string | null | undefined): string | null {
  const last = (given ?? '').toWellFormed().split(/[\\/]/).at(-1) ?? '';
  const characters = [...last.replace(UNSEEN, '').trim()];
  if (characters.length === 0) return null;
  if (characters.length <= LONGEST) return characters.join('');
  return `${characters.slice(0, LONGEST - END - 1).join('')}…${characters.slice(-END).join('')}`;
}
