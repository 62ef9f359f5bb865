/** Sends one webhook, signed as Standard Webhooks wants it, through the guarded connector. */
import { Webhook } from 'standardwebhooks';
import { type Dispatcher, request } from 'undici';
import { ERRORS, MillError } from '../core/errors.ts';
import { networkFailure } from '../network/network-failure.ts';
import type { Delivery, DeliveryAttempt } from './delivery.ts';

/** From the first packet to the end of the answer. */
const WHOLE_ATTEMPT_MS = 20_000;
/** Nobody reads the answer; a little is taken so that the connection can be used again. */
const ANSWER_BYTES = 4096;
const GONE = 410;

export interface SendOptions {
  /** From createGuardedAgent. */
  dispatcher: Dispatcher;
  secret: string;
  userAgent: string;
  signal: AbortSignal;
}

export interface Sent {
  attempt: DeliveryAttempt;
  outcome: 'told' | 'again' | 'final';
}

/** Never rejects. Redirects are not followed: the receiver names the address it means. */
export async function sendWebhook(delivery: Delivery, options: SendOptions): Promise<Sent> {
  const at = new Date();
  const started = performance.now();
  const ended = (http_status: number | null, error: string | null, outcome: Sent['outcome']): Sent => ({
    attempt: {
      at: at.toISOString(),
      http_status,
      duration_ms: Math.round(performance.now() - started),
      error,
    },
    outcome,
  });
  try {
    const status = await post(delivery, at, options);
    if (status >= 200 && status < 300) return ended(status, null, 'told');
    return ended(status, `The receiver answers ${status}.`, status === GONE ? 'final' : 'again');
  } catch (thrown) {
    const { transient, error } = networkFailure(thrown);
    const blocked = error instanceof MillError && error.code === 'blocked_address';
    return ended(null, wordsOf(error), blocked && !transient ? 'final' : 'again');
  }
}

async function post({ id, url, body }: Delivery, at: Date, options: SendOptions): Promise<number> {
  const { dispatcher, secret, userAgent, signal } = options;
  const answer = await request(url, {
    method: 'POST',
    dispatcher,
    signal: AbortSignal.any([signal, AbortSignal.timeout(WHOLE_ATTEMPT_MS)]),
    headers: {
      'content-type': 'application/json',
      'user-agent': userAgent,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    },
    body,
  });
  await answer.body.dump({ limit: ANSWER_BYTES });
  return answer.statusCode;
}

/** For the delivery log, which the owner of the job reads: no addresses of this network, no stack. */
function wordsOf(error: unknown): string {
  if (error instanceof MillError) return error.message;
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')) {
    return `The receiver did not answer within ${WHOLE_ATTEMPT_MS / 1000} s.`;
  }
  return `${ERRORS.download_failed.title.replace('download', 'request')}.`;
}
