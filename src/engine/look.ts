/** A first look at a source: its facts, and the source itself, left open for the first that reads it. */
import type { SourceFacts } from '../core/facts.ts';
import { captureLog, takeLog } from './ffmpeg.ts';
import { isPartial } from './partial-file.ts';
import { describeSource } from './probe.ts';
import { type OpenSource, openSource } from './source.ts';

export interface Look extends Disposable {
  readonly facts: SourceFacts;
  /** As if it had been opened just now; null from the second time on. */
  take(): Promise<OpenSource | null>;
}

/**
 * Opening takes up to 20 ms: FFmpeg decodes the first picture, or looks through seconds of PCM for something else.
 * Throws `unsupported_media`.
 */
export async function look(path: string): Promise<Look> {
  using opened = new DisposableStack();
  let left: OpenSource | null = opened.use(await openSource(path));
  const facts = await describeSource(left.format, path);
  // A partial source may be whole when it is read, and is closed here.
  if (isPartial(path)) left = null;
  else opened.move();
  return {
    facts,
    async take() {
      const taken = left;
      left = null;
      captureLog();
      await takeLog();
      return taken;
    },
    [Symbol.dispose]() {
      left?.[Symbol.dispose]();
      left = null;
    },
  };
}
