/** One watch of the queue, shared by everyone who listens. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import type { Queue, QueueEvent } from '../queue/port.ts';

/** `resync`: something may have been missed; look at the present state again. */
export type HubEvent = QueueEvent | { type: 'resync' };

export interface EventHub {
  /** Calls the listener for every event from now on; answers how to stop. */
  subscribe(listener: (event: HubEvent, number: number) => void, onClose: () => void): () => void;
  /** Number of the last event. */
  readonly last: number;
  close(): void;
}

const RESTART_MS = 1000;
/** Events told in one go; then the sockets get their turn, lest a batch of jobs look like a slow reader. */
const EVENTS_AT_A_TIME = 32;

export function createEventHub(queue: Queue, log: FastifyBaseLogger): EventHub {
  const listeners = new Map<(event: HubEvent, number: number) => void, () => void>();
  const abort = new AbortController();
  let watching = false;
  let last = 0;

  function tell(event: HubEvent): void {
    last++;
    for (const listener of listeners.keys()) listener(event, last);
  }

  async function watch(): Promise<void> {
    watching = true;
    while (!abort.signal.aborted) {
      try {
        let told = 0;
        for await (const event of queue.watch(abort.signal)) {
          tell(event);
          if (++told % EVENTS_AT_A_TIME === 0) await nextTurn();
        }
      } catch (error) {
        if (!abort.signal.aborted) log.warn({ err: error }, 'watching the queue broke off; starting again');
      }
      if (abort.signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS).unref());
      tell({ type: 'resync' });
    }
  }

  return {
    get last() {
      return last;
    },
    subscribe(listener, onClose) {
      if (!watching) void watch();
      listeners.set(listener, onClose);
      return () => listeners.delete(listener);
    },
    close() {
      abort.abort();
      for (const onClose of listeners.values()) onClose();
      listeners.clear();
    },
  };
}
