/** Keys of the whole page: scopes register what works in them; the newest scope goes first. */
import { useEffect, useRef, useSyncExternalStore } from 'react';

export interface Binding {
  /** "n", "g j", "Mod+k", "Shift+ArrowDown", "Alt+1". Mod is Ctrl, on a Mac also ⌘. */
  keys: string;
  label: string;
  run(event: KeyboardEvent): void;
  /** Shown in the status bar. */
  hint?: boolean;
  /** Works while typing and in dialogs. */
  always?: boolean;
}

export interface Scope {
  name: string;
  bindings: Binding[];
}

export const EVERYWHERE = 'Everywhere';
const SETTING = 'mediamill.single-keys';
/** Between the letters of "g j". */
const SEQUENCE_MS = 1200;
const TEXT_INPUT = /^(?!(button|checkbox|radio|range|file|color|submit|reset)$)/;

let scopes: readonly Scope[] = [];
const listeners = new Set<() => void>();
let first = '';
let firstAt = 0;

function tell(): void {
  for (const listener of [...listeners]) listener();
}

/** Bindings that hold while the caller is mounted. */
export function useKeys(name: string, bindings: Binding[]): void {
  const current = useRef(bindings);
  current.current = bindings;
  // The list is read when a key is pressed; listeners only hear of a change of what is shown.
  const shown = bindings.map(({ keys, label, hint }) => `${keys}|${label}|${hint}`).join('\n');
  useEffect(() => {
    const scope: Scope = {
      name,
      get bindings() {
        return current.current;
      },
    };
    // What works everywhere gives way to every place, whichever was there first.
    if (shown !== '') scopes = name === EVERYWHERE ? [...scopes, scope] : [scope, ...scopes];
    tell();
    return () => {
      scopes = scopes.filter((one) => one !== scope);
      tell();
    };
  }, [name, shown]);
}

export function useScopes(): readonly Scope[] {
  return useSyncExternalStore(subscribe, () => scopes);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function singleKeysOn(): boolean {
  return localStorage.getItem(SETTING) !== 'off';
}

export function setSingleKeys(on: boolean): void {
  localStorage.setItem(SETTING, on ? 'on' : 'off');
  tell();
}

export function useSingleKeys(): boolean {
  return useSyncExternalStore(subscribe, singleKeysOn);
}

export function listenToKeys(): () => void {
  window.addEventListener('keydown', onKey);
  return () => window.removeEventListener('keydown', onKey);
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || !event.key) return;
  const pressed = nameOf(event);
  const sequence = first && performance.now() - firstAt < SEQUENCE_MS ? `${first} ${pressed}` : null;
  const typing = isTyping(event.target);
  const inDialog =
    event.target instanceof Element && event.target.closest('[role="dialog"],[role="menu"],[role="listbox"]');
  const taken = belongsToControl(event);
  let begins = false;
  for (const { bindings } of scopes) {
    for (const binding of bindings) {
      if (!binding.always && (typing || inDialog || taken)) continue;
      if (!singleKeysOn() && isSingle(binding.keys)) continue;
      if (binding.keys === sequence || (binding.keys === pressed && !sequence?.startsWith('g '))) {
        first = '';
        event.preventDefault();
        binding.run(event);
        return;
      }
      begins ||= binding.keys.startsWith(`${pressed} `);
    }
  }
  first = begins ? pressed : '';
  firstAt = performance.now();
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const printed = event.key.length === 1 && !/[a-z ]/i.test(event.key);
  // AltGr and Option write letters; digits are then known by their key.
  const base =
    event.altKey && /^Digit\d$/.test(event.code) ? event.code.slice(-1) : key === ' ' ? 'Space' : key;
  return [
    event.ctrlKey || event.metaKey ? 'Mod+' : '',
    event.altKey ? 'Alt+' : '',
    // "?" is typed with Shift on most keyboards.
    event.shiftKey && !printed ? 'Shift+' : '',
    base,
  ].join('');
}

const isSingle = (keys: string) => /^(Shift\+)?[^+\s]( [^+\s])?$/.test(keys);

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return TEXT_INPUT.test(target.type);
  return (
    target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
  );
}

/** Space on a button presses it, arrows on a slider move it. */
function belongsToControl({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (key === ' ' || key === 'Enter')
    return target.matches('button,a,summary,input,select,[role="button"],[role="menuitem"]');
  if (key.startsWith('Arrow') || key === 'Home' || key === 'End')
    return target.matches('input[type="range"],input[type="radio"],[role="slider"],[role="tab"]');
  return false;
}
