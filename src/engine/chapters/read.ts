/**
 * The chapters of an open input, of any container FFmpeg reads.
 *
 * The binding has no access to `AVFormatContext.chapters`, but `av_dump_format` logs them. The log callback is
 * one for the whole process, replaces the one before it, and delivers asynchronously but in order; so this
 * waits for a marker of its own behind the dump, and hands the callback back before it returns.
 * Not safe while another thread of this process uses the callback.
 */
import { AV_LOG_INFO, AV_NOPTS_VALUE } from 'node-av/constants';
import { type FormatContext, Log } from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import type { ChapterFacts, ProgramFacts } from '../../core/facts.ts';
import { parseChapterDump, parseProgramDump } from './dump.ts';
import { withEnds } from './timeline.ts';

/** Delivery takes one turn of the event loop; only a callback stolen by somebody else takes longer. */
const DELIVERY_MS = 5_000;
const MARKER = 'mediamill: end of dump';

let turn: Promise<unknown> = Promise.resolve();

/**
 * Times have six decimals, as FFmpeg prints them, on the container's own timeline. A line of a title comes back
 * cut to 255 bytes, and a tag named `language` not at all: FFmpeg prints no more.
 *
 * @param restoreLog Called when the log callback is free again: installs the engine's own. By default FFmpeg
 * logs to stderr afterwards.
 */
export function readChapters(
  format: FormatContext,
  restoreLog: () => void = () => Log.resetCallback(),
): Promise<ChapterFacts[]> {
  const mine = turn.then(async () => {
    const chapters = parseChapterDump(await dump(format, restoreLog));
    return withEnds(chapters, endOf(format));
  });
  turn = mine.catch(() => undefined);
  return mine;
}

/** The programmes of a transport stream; empty where there are none. */
export async function readPrograms(
  format: FormatContext,
  restoreLog: () => void = () => Log.resetCallback(),
): Promise<ProgramFacts[]> {
  if (format.nbPrograms === 0) return [];
  const mine = turn.then(async () => parseProgramDump(await dump(format, restoreLog)));
  turn = mine.catch(() => undefined);
  return await mine;
}

async function dump(format: FormatContext, restoreLog: () => void): Promise<string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  const messages: string[] = [];
  const late = () => {
    reject(new MillError('engine_failed', 'FFmpeg did not tell the chapters: its log was taken over.'));
  };
  // The timer also keeps the event loop alive, which the binding's callback does not. After a long
  // synchronous stretch it fires before what has arrived is delivered: hence one more turn.
  const timer = setTimeout(() => setImmediate(late), DELIVERY_MS);
  try {
    // Information only: warnings of other threads may come in between.
    Log.setCallback(
      (level, message) => {
        if (level !== AV_LOG_INFO) return;
        if (message === MARKER) resolve(messages);
        else messages.push(message);
      },
      { maxLevel: AV_LOG_INFO },
    );
    format.dumpFormat(0, '', false);
    Log.log(AV_LOG_INFO, MARKER);
    return await promise;
  } finally {
    clearTimeout(timer);
    restoreLog();
  }
}

function endOf(format: FormatContext): number | null {
  if (format.duration === AV_NOPTS_VALUE || format.duration <= 0n) return null;
  const start = format.startTime === AV_NOPTS_VALUE ? 0n : format.startTime;
  return Number(start + format.duration) / 1e6;
}
