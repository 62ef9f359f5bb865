import type { ApiKeys, SCOPES } from '../auth/keys.ts';
import type { Config } from '../core/config.ts';
import { MillError } from '../core/errors.ts';
import { openLedger } from './ledger.ts';

/** What the command line does with keys and secrets, on the machine itself. */
export interface KeyRing extends AsyncDisposable {
  keys: ApiKeys;
  scopes: typeof SCOPES;
  /** Of a key; of jobs of nobody for null. Throws `key_not_found`. */
  webhookSecret(key: string | null): Promise<string>;
  /** Throws `invalid_request`, `blocked_address`. */
  checkWebhookUrl(url: string): void;
}

export async function openKeys(config: Config): Promise<KeyRing> {
  const [{ apiKeys, SCOPES }, { checkWebhookUrl }, ledger] = await Promise.all([
    import('../auth/keys.ts'),
    import('../webhooks/url.ts'),
    openLedger(config),
  ]);
  const keys = apiKeys(ledger);
  return {
    keys,
    scopes: SCOPES,
    async webhookSecret(key) {
      if (key === null || (await keys.list()).some(({ id }) => id === key)) return keys.webhookSecret(key);
      throw new MillError('key_not_found', `There is no key "${key}".`);
    },
    checkWebhookUrl: (url) => checkWebhookUrl(url, config.network.allow),
    [Symbol.asyncDispose]: () => ledger.close(),
  };
}
