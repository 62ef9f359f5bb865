/** Who asks, and what of the jobs and files is theirs. */
import type { ApiKey, Scope } from './keys.ts';

export interface Caller {
  /** Id of the key; null while the installation has no keys. What the caller makes belongs to it. */
  readonly owner: string | null;
  /** Name of the key, for people. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Sees and changes what belongs to others. */
  readonly admin: boolean;
  readonly webhookUrl: string | null;
  readonly quotaBytes: number | null;
}

/** Without keys everybody who reaches the server may do everything. */
export const ANYBODY: Caller = Object.freeze({
  owner: null,
  name: 'anybody',
  scopes: Object.freeze(['read', 'submit', 'admin'] as const),
  admin: true,
  webhookUrl: null,
  quotaBytes: null,
});

export function callerOf(key: ApiKey): Caller {
  return {
    owner: key.id,
    name: key.name,
    scopes: key.scopes,
    admin: key.scopes.includes('admin'),
    webhookUrl: key.webhook_url,
    quotaBytes: key.quota_bytes,
  };
}

/** For work that goes on after its key was revoked: still its own things, and nothing more. */
export function formerCaller(owner: string): Caller {
  return { owner, name: owner, scopes: [], admin: false, webhookUrl: null, quotaBytes: null };
}

export function mayDo(caller: Caller, scope: Scope): boolean {
  return caller.admin || caller.scopes.includes(scope);
}

export function sees(caller: Caller, owner: string | null): boolean {
  return caller.admin || (owner !== null && owner === caller.owner);
}
