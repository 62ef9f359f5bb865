/** A number of places for each kind of device: who comes when all are taken waits in line. */
import type { DeviceKind } from '../core/devices.ts';

/** Given back once, however often it is disposed of. */
export type DeviceSlot = Disposable;

export class DeviceSlots {
  readonly perKind: number;
  readonly #taken = new Map<DeviceKind, number>();
  readonly #waiting = new Map<DeviceKind, Set<() => void>>();

  constructor(perKind: number) {
    this.perKind = perKind;
  }

  free(kind: DeviceKind): number {
    return this.perKind - (this.#taken.get(kind) ?? 0);
  }

  /** Null when all are taken. */
  tryTake(kind: DeviceKind): DeviceSlot | null {
    if (this.free(kind) <= 0) return null;
    this.#taken.set(kind, (this.#taken.get(kind) ?? 0) + 1);
    return this.#slot(kind);
  }

  /** The first free one, first come first served. Rejects with the signal's reason, and leaves the line. */
  async take(kind: DeviceKind, signal: AbortSignal): Promise<DeviceSlot> {
    signal.throwIfAborted();
    const free = this.tryTake(kind);
    if (free) return free;
    const line = this.#line(kind);
    const { promise, resolve, reject } = Promise.withResolvers<DeviceSlot>();
    const turn = () => {
      signal.removeEventListener('abort', leave);
      resolve(this.#slot(kind));
    };
    const leave = () => {
      line.delete(turn);
      reject(signal.reason);
    };
    line.add(turn);
    signal.addEventListener('abort', leave, { once: true });
    return await promise;
  }

  #line(kind: DeviceKind): Set<() => void> {
    const line = this.#waiting.get(kind) ?? new Set();
    this.#waiting.set(kind, line);
    return line;
  }

  #slot(kind: DeviceKind): DeviceSlot {
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#giveBack(kind);
        held = false;
      },
    };
  }

  /** To the next in line, or into the pool. */
  #giveBack(kind: DeviceKind): void {
    const line = this.#line(kind);
    const [next] = line;
    if (!next) {
      this.#taken.set(kind, (this.#taken.get(kind) ?? 1) - 1);
      return;
    }
    line.delete(next);
    next();
  }
}
