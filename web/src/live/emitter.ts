/** Listeners by key, told together in one frame. */

type Listener = () => void;

export class Emitter<K> {
  readonly #listeners = new Map<K, Set<Listener>>();

  on(key: K, listener: Listener): () => void {
    const set = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.#listeners.get(key) === set) this.#listeners.delete(key);
    };
  }

  tell(key: K): void {
    for (const listener of [...(this.#listeners.get(key) ?? [])]) listener();
  }

  tellAll(): void {
    for (const key of [...this.#listeners.keys()]) this.tell(key);
  }
}

/** A hidden page gets no frames; it is brought up to date this often. */
const HIDDEN_MS = 500;

/** Calls `run` once in the next frame, however often it is asked. */
export function inNextFrame(run: () => void): () => void {
  let asked = false;
  const go = () => {
    asked = false;
    run();
  };
  return () => {
    if (asked) return;
    asked = true;
    if (document.hidden) setTimeout(go, HIDDEN_MS);
    else requestAnimationFrame(go);
  };
}
