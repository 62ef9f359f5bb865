/**
 * Parses the chapters out of what `av_dump_format` logs. Each of its calls of `av_log` arrives as one message
 * with the newline at its end cut off, and that makes the text unambiguous: whatever a title contains, it is
 * a message of its own.
 *
 *     "    Chapter #0:1: "  "start 1.500000, "  "end 4.000000"
 *     "      Metadata:"
 *     "        title           : "  "first line"  "\n                        : "  "second line"  ""
 */
import type { ChapterFacts, ProgramFacts } from '../../core/facts.ts';

const CHAPTER = /^ {4}Chapter #\d+:\d+: $/;
const START = /^start (-?[\d.]+), $/;
const END = /^end (-?[\d.]+)$/;
const KEY = /^ {8}(.+?) *: $/s;
const PROGRAM = /^ {2}Program (\d+) /;
const PROGRAM_KEY = /^ {6}(.+?) *: $/s;
const STREAM = /^ {2}Stream #\d+$/;
const STREAM_INDEX = /^:(\d+)$/;
/** FFmpeg prints at most so many bytes of one line of a value, and may cut a character in two. */
const LINE_BYTES = 255;

export function parseChapterDump(messages: readonly string[]): ChapterFacts[] {
  const chapters: ChapterFacts[] = [];
  for (let at = 0; at < messages.length; at++) {
    if (!CHAPTER.test(messages[at] ?? '')) continue;
    const start = START.exec(messages[at + 1] ?? '')?.[1];
    const end = END.exec(messages[at + 2] ?? '')?.[1];
    if (start === undefined || end === undefined) continue;
    const tags = messages[at + 3] === '      Metadata:' ? parseTags(messages, at + 4, KEY) : {};
    // Containers that must store a title have an empty one where there is none.
    if (tags.title === '') delete tags.title;
    chapters.push({ start_s: Number(start), end_s: Number(end), title: tags.title ?? null, tags });
  }
  return chapters;
}

/**
 *     "  Program 1 " "    Metadata:" "      service_name    : " "News" "" … "  Stream #0" ":1" …
 */
export function parseProgramDump(messages: readonly string[]): ProgramFacts[] {
  const programs: ProgramFacts[] = [];
  for (let at = 0; at < messages.length; at++) {
    const message = messages[at] ?? '';
    const id = PROGRAM.exec(message)?.[1];
    const stream = STREAM.test(message) ? STREAM_INDEX.exec(messages[at + 1] ?? '')?.[1] : undefined;
    if (message.startsWith('  No Program')) break;
    if (id !== undefined) {
      const tags = messages[at + 1] === '    Metadata:' ? parseTags(messages, at + 2, PROGRAM_KEY) : {};
      programs.push({ id: Number(id), tags, streams: [] });
    } else if (stream !== undefined) programs.at(-1)?.streams.push(Number(stream));
  }
  return programs;
}

function parseTags(messages: readonly string[], from: number, keys: RegExp): Record<string, string> {
  const tags: Record<string, string> = {};
  let at = from;
  for (let key = keys.exec(messages[at] ?? ''); key?.[1]; key = keys.exec(messages[at] ?? '')) {
    let value = '';
    // An empty message ends the value, unless a further line follows it: then it was an empty line.
    for (at++; at < messages.length; at++) {
      const message = messages[at] ?? '';
      if (message.startsWith('\n')) value += '\n';
      else if (message !== '') value += whole(message);
      else if (!messages[at + 1]?.startsWith('\n')) break;
    }
    tags[key[1]] = value;
    at++;
  }
  return tags;
}

function whole(line: string): string {
  return Buffer.byteLength(line) >= LINE_BYTES ? line.replace(/\ufffd+$/, '') : line;
}
