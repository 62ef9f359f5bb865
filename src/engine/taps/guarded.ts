/** A tap whose failure ends its own part only; the read goes on for the others. */
import type { Frame, Packet } from 'node-av/lib';
import type { OutputResult } from '../../core/plan.ts';
import type { Part } from '../part.ts';
import type { Appetite, Tap } from './tap.ts';

export class GuardedTap implements Tap {
  readonly wants: ReadonlyMap<number, Appetite>;
  readonly #part: Part;
  #tap: Tap | null;

  constructor(part: Part, tap: Tap) {
    this.#part = part;
    this.#tap = tap;
    this.wants = tap.wants;
  }

  /** Also when the part has failed: then it wants nothing more. */
  get satisfied(): boolean {
    return this.#living()?.satisfied ?? this.#tap === null;
  }

  needs(packet: Packet): boolean {
    const tap = this.#living();
    return tap !== null && (tap.needs?.(packet) ?? true);
  }

  packet(packet: Packet, stream: number): void {
    this.#guard((tap) => tap.packet?.(packet, stream));
  }

  frame(frame: Frame, stream: number): void {
    this.#guard((tap) => tap.frame?.(frame, stream));
  }

  finish(): Promise<OutputResult> {
    if (!this.#tap) throw new TypeError('The tap was given up.');
    return this.#tap.finish();
  }

  #guard(use: (tap: Tap) => void): void {
    const tap = this.#living();
    if (!tap) return;
    try {
      use(tap);
    } catch (error) {
      this.#part.fail(error);
      this[Symbol.dispose]();
    }
  }

  /** What a failed part holds, encoders above all, is free at once and not when the others are done. */
  #living(): Tap | null {
    if (this.#tap && this.#part.failed) this[Symbol.dispose]();
    return this.#tap;
  }

  [Symbol.dispose](): void {
    this.#tap?.[Symbol.dispose]();
    this.#tap = null;
  }
}
