/** Sessions of the page: a cookie with a random token stands for a key, so that the page need not keep the key. */
import { createHash, randomBytes } from 'node:crypto';
import type { Ledger } from '../ledger/port.ts';
import type { ApiKey, ApiKeys } from './keys.ts';

/** After this the page asks for the key again. */
export const SESSION_SECONDS = 7 * 24 * 3600;

export interface Sessions {
  /** Answers the token for the cookie. */
  begin(key: ApiKey): Promise<string>;
  /** The key of a session, as long as neither has ended. */
  find(token: string): Promise<ApiKey | null>;
  end(token: string): Promise<void>;
}

interface StoredSession {
  key: string;
}

/** Entries are in the order of their end. */
const BOOK = 'sessions';
const SWEPT_AT_ONCE = 100;

export function sessions(ledger: Ledger, keys: ApiKeys): Sessions {
  const nameOf = (token: string) => createHash('sha256').update(token).digest('hex');
  return {
    async begin(key) {
      for (const { id } of await ledger.list(BOOK, {
        to: Date.now(),
        limit: SWEPT_AT_ONCE,
        order: 'ascending',
      })) {
        await ledger.remove(BOOK, id);
      }
      const token = randomBytes(32).toString('base64url');
      await ledger.put(
        BOOK,
        nameOf(token),
        { key: key.id } satisfies StoredSession,
        Date.now() + SESSION_SECONDS * 1000,
      );
      return token;
    },
    async find(token) {
      const entry = await ledger.get<StoredSession>(BOOK, nameOf(token));
      return entry && entry.place > Date.now() ? keys.byId(entry.value.key) : null;
    },
    async end(token) {
      await ledger.remove(BOOK, nameOf(token));
    },
  };
}
