import { isIP } from 'node:net';
import { MillError } from '../core/errors.ts';
import { createAddressPolicy } from '../network/address-policy.ts';

const LONGEST = 2048;

/**
 * Throws `invalid_request` for what is no address for a webhook, and `blocked_address` for one that could never be
 * contacted. A name is resolved, and checked again, when it is.
 */
export function checkWebhookUrl(text: string, allow: readonly string[]): void {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || text.length > LONGEST) {
    throw invalid('must be an http or https address');
  }
  if (url.username !== '' || url.password !== '') throw invalid('must not hold a user or a password');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 0) return;
  const refusal = createAddressPolicy(allow).refusal(host, host);
  if (refusal === null) return;
  throw new MillError('blocked_address', `webhook_url leads to a ${refusal} address.`, {
    facts: { field: 'webhook_url', host, reason: refusal },
  });
}

function invalid(what: string): MillError {
  return new MillError('invalid_request', `"webhook_url" ${what}.`, { facts: { field: 'webhook_url' } });
}
