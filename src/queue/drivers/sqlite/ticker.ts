/** Calls a listener again and again while somebody holds it; rests, and keeps no process alive, otherwise. */
export interface Ticker {
  /** Starts the ticking; call the answer once to let go. */
  hold(): () => void;
  close(): void;
}

/** Waits between two calls are random, `minMs` to `maxMs`, so that processes do not look in step. */
export function ticker(minMs: number, maxMs: number, listener: () => void): Ticker {
  let holders = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function arm(): void {
    timer = setTimeout(
      () => {
        listener();
        if (holders > 0 && !closed) arm();
        else timer = undefined;
      },
      minMs + Math.random() * (maxMs - minMs),
    );
  }

  return {
    hold() {
      holders += 1;
      if (timer === undefined && !closed) arm();
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        holders -= 1;
        if (holders > 0) return;
        clearTimeout(timer);
        timer = undefined;
      };
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
