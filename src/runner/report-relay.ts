/** Passes progress and log lines of a running job on to the queue, seldom enough that this costs nothing. */
import type { Progress } from '../core/plan.ts';
import type { Claim, LogLine, Queue, RunNotes } from '../queue/port.ts';

const EVERY_MS = 500;
/** Lines kept of one attempt: enough to see what went wrong, too few to fill a disk. */
const MOST_LINES = 2000;

type Line = Pick<LogLine, 'level' | 'text'>;

export interface ReportRelay {
  progress(progress: Progress): void;
  log(level: Line['level'], text: string): void;
  /** What was found out; of two of the same kind the later one counts. */
  note(notes: RunNotes): void;
  /** Sends the lines that are left, and nothing after them. */
  end(): Promise<void>;
}

export function relayReports(queue: Queue, claim: Claim): ReportRelay {
  let progress: Progress | null = null;
  let notes: RunNotes | null = null;
  const lines: Line[] = [];
  let seen = 0;
  let sending: Promise<void> | null = null;

  async function send(): Promise<void> {
    const latest = progress;
    progress = null;
    const batch = lines.slice();
    const found = notes;
    notes = null;
    if (found) await queue.note(claim, found).catch(() => {});
    // A report that the queue cannot take now is not worth the job; lines wait for the next time.
    if (latest) await queue.progress(claim, latest).catch(() => {});
    if (batch.length === 0) return;
    await queue.log(claim, batch).then(
      () => lines.splice(0, batch.length),
      () => {},
    );
  }
  function tick(): void {
    sending ??= send().finally(() => {
      sending = null;
    });
  }

  const timer = setInterval(tick, EVERY_MS);
  return {
    progress(next) {
      progress = next;
    },
    note(more) {
      notes = { ...notes, ...more };
    },
    log(level, text) {
      seen += 1;
      if (seen < MOST_LINES) lines.push({ level, text });
      if (seen === MOST_LINES)
        lines.push({ level: 'warn', text: 'There were more lines; they are left out.' });
    },
    async end() {
      clearInterval(timer);
      progress = null;
      await sending;
      if (lines.length > 0 || notes) await send();
    },
  };
}
