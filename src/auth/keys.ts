/**
 * API keys. A key is `mill_<id>_<secret>` with a secret of 256 random bits; stored is its SHA-256. A slow hash would
 * defend a guessable password; nobody guesses 256 random bits, and a fast one costs a request nothing. The id finds
 * the record, the hash is compared in constant time.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { MillError } from '../core/errors.ts';
import type { Ledger } from '../ledger/port.ts';

export const SCOPES = ['read', 'submit', 'admin'] as const;
/** `read`: look at one's own jobs. `submit`: hand in, change and upload. `admin`: both, of everybody, and the system. */
export type Scope = (typeof SCOPES)[number];

export interface ApiKey {
  id: string;
  name: string;
  scopes: Scope[];
  created_at: string;
  /** To the minute; null until it was used. */
  last_used_at: string | null;
  revoked_at: string | null;
  /** Told of the end of each job of this key that names no other. */
  webhook_url: string | null;
  /** Most bytes of uploads it may have in the storage; null for no limit. */
  quota_bytes: number | null;
}

interface StoredKey extends ApiKey {
  /** SHA-256 of the whole key, hex. */
  hash: string;
  /** Signs the webhooks of its jobs; the receiver needs the same, so it cannot be a hash. */
  webhook_secret: string;
}

export interface NewKey {
  name: string;
  scopes: readonly Scope[];
  webhook_url?: string | null;
  quota_bytes?: number | null;
}

export interface CreatedKey {
  key: ApiKey;
  /** The key itself; shown once, and nowhere stored. */
  token: string;
  webhook_secret: string;
}

export interface ApiKeys {
  create(key: NewKey): Promise<CreatedKey>;
  /** Oldest first; revoked ones too. */
  list(): Promise<ApiKey[]>;
  /** By id, or by a name that only one living key has. Throws `key_not_found`. */
  revoke(idOrName: string): Promise<ApiKey>;
  /** Has there ever been a key? From then on every request needs one, also when all were revoked. */
  required(): Promise<boolean>;
  /** The key that this is; null for one that is wrong or revoked. */
  verify(token: string): Promise<ApiKey | null>;
  /** A living key. */
  byId(id: string): Promise<ApiKey | null>;
  /** Signing secret for webhooks of jobs of this key; of jobs of nobody for null. */
  webhookSecret(id: string | null): Promise<string>;
}

const BOOK = 'keys';
const SETTINGS = 'settings';
const TOKEN = /^mill_([a-z0-9]{12})_[A-Za-z0-9_-]{43}$/;
const MOST_KEYS = 1000;
const LAST_USED_STEP_MS = 60_000;

export function apiKeys(ledger: Ledger): ApiKeys {
  async function stored(): Promise<StoredKey[]> {
    const entries = await ledger.list<StoredKey>(BOOK, { limit: MOST_KEYS, order: 'ascending' });
    return entries.map(({ value }) => value);
  }

  /** Best effort: a request does not fail because this could not be noted. */
  async function noteUse(id: string): Promise<void> {
    const entry = await ledger.get<StoredKey>(BOOK, id);
    if (!entry) return;
    const last = Date.parse(entry.value.last_used_at ?? '1970-01-01T00:00:00Z');
    if (Date.now() - last < LAST_USED_STEP_MS) return;
    const last_used_at = new Date(
      Math.floor(Date.now() / LAST_USED_STEP_MS) * LAST_USED_STEP_MS,
    ).toISOString();
    await ledger.replace(BOOK, entry, { ...entry.value, last_used_at });
  }

  async function byId(id: string): Promise<StoredKey | null> {
    const key = (await ledger.get<StoredKey>(BOOK, id))?.value;
    return key && key.revoked_at === null ? key : null;
  }

  return {
    async create({ name, scopes, webhook_url = null, quota_bytes = null }) {
      if ((await ledger.count(BOOK)) >= MOST_KEYS) {
        throw new MillError('invalid_request', `There are ${MOST_KEYS} keys already.`);
      }
      const id = randomId();
      const token = `mill_${id}_${randomBytes(32).toString('base64url')}`;
      const webhook_secret = newWebhookSecret();
      const now = new Date();
      const key: StoredKey = {
        id,
        name,
        scopes: SCOPES.filter((scope) => scopes.includes(scope)),
        created_at: now.toISOString(),
        last_used_at: null,
        revoked_at: null,
        webhook_url,
        quota_bytes,
        hash: hashOf(token).toString('hex'),
        webhook_secret,
      };
      await ledger.add(BOOK, id, key, now.getTime());
      return { key: shown(key), token, webhook_secret };
    },
    list: async () => (await stored()).map(shown),
    async revoke(idOrName) {
      const living = (await stored()).filter(({ revoked_at }) => revoked_at === null);
      const named = living.filter(({ name }) => name === idOrName);
      const found = living.find(({ id }) => id === idOrName) ?? (named.length === 1 ? named[0] : undefined);
      if (!found) {
        const why =
          named.length > 1
            ? `${named.length} keys are called "${idOrName}".`
            : `There is no key "${idOrName}".`;
        throw new MillError('key_not_found', why);
      }
      const revoked = { ...found, revoked_at: new Date().toISOString() };
      await ledger.put(BOOK, found.id, revoked, Date.parse(found.created_at));
      return shown(revoked);
    },
    required: async () => (await ledger.count(BOOK)) > 0,
    async verify(token) {
      const id = TOKEN.exec(token)?.[1];
      if (id === undefined) return null;
      const key = await byId(id);
      if (!key || !timingSafeEqual(Buffer.from(key.hash, 'hex'), hashOf(token))) return null;
      void noteUse(id).catch(() => {});
      return shown(key);
    },
    async byId(id) {
      const key = await byId(id);
      return key && shown(key);
    },
    async webhookSecret(id) {
      if (id !== null) {
        const key = (await ledger.get<StoredKey>(BOOK, id))?.value;
        if (key) return key.webhook_secret;
      }
      await ledger.add(SETTINGS, 'webhook_secret', newWebhookSecret());
      return (await ledger.get<string>(SETTINGS, 'webhook_secret'))?.value ?? '';
    },
  };
}

function shown({ hash: _, webhook_secret: __, ...key }: StoredKey): ApiKey {
  return key;
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** https://github.com/standard-webhooks/standard-webhooks: 24 to 64 bytes, base64, `whsec_` before them. */
function newWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

function randomId(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  // 252 is the greatest multiple of 36 below 256: no letter is likelier than another.
  const bytes = [...randomBytes(64)].filter((byte) => byte < 252);
  return bytes
    .slice(0, 12)
    .map((byte) => letters[byte % 36])
    .join('');
}
