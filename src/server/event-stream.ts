/** A stream of server-sent events to one reader: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import { Readable } from 'node:stream';
import type { Limits } from './limits.ts';

/** How long a browser waits before it connects again. */
const RETRY_MS = 2000;

export class EventStream extends Readable {
  readonly #limits: Limits;
  readonly #heartbeat: NodeJS.Timeout;
  #ended = false;

  /** `beat` is called at every heartbeat. */
  constructor(limits: Limits, beat?: () => void) {
    super();
    this.#limits = limits;
    this.push(`retry: ${RETRY_MS}\n\n`);
    this.#heartbeat = setInterval(() => {
      this.#write(': still here\n\n');
      beat?.();
    }, limits.heartbeat_ms);
    this.#heartbeat.unref();
  }

  /** Data is JSON, so it has no line breaks of its own. */
  send(event: string, data: unknown, id: number): void {
    this.#write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** No more events; what was sent before still arrives. */
  finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#heartbeat);
    this.push(null);
  }

  #write(text: string): void {
    if (this.#ended || this.destroyed) return;
    // A reader that does not read is dropped; it may connect again and gets the present state first.
    if (this.readableLength > this.#limits.event_backlog_bytes) this.destroy();
    else this.push(text);
  }

  override _read(): void {}

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#ended = true;
    clearInterval(this.#heartbeat);
    done(error);
  }
}
