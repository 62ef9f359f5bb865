/**
 * Tells of jobs that have ended: from the queue's outbox into the log of deliveries, and from there to the receivers.
 * Each step may be repeated, and is, when a process dies in the middle of it; so nothing is missed, and a receiver may
 * be told twice, with the same id.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher as Connections } from 'undici';
import type { ApiKeys } from '../auth/keys.ts';
import { createGuardedAgent } from '../network/guarded-agent.ts';
import type { Queue } from '../queue/port.ts';
import type { Deliveries } from './deliveries.ts';
import type { Delivery } from './delivery.ts';
import { sendWebhook } from './send.ts';

const LOOK_EVERY_MS = 500;
/** After a failure of queue or ledger. */
const REST_MS = 3000;
const ENDS_AT_ONCE = 100;
/** Webhooks that are being sent at a time; and of them to one host, lest a slow one stop all others. */
const AT_A_TIME = 16;
const TO_ONE_HOST = 4;
const CONNECT_MS = 5000;
const IDLE_MS = 10_000;
const SWEEP_EVERY_MS = 60_000;

export interface DispatcherOptions {
  queue: Pick<Queue, 'outbox' | 'clearOutbox'>;
  deliveries: Deliveries;
  keys: Pick<ApiKeys, 'webhookSecret'>;
  /** Private hosts and ranges that may be contacted. */
  allow: readonly string[];
  version: string;
  logger: { warn(facts: object, text: string): void; debug(facts: object, text: string): void };
}

export interface Dispatcher {
  /** What is being sent is given back. */
  stop(): Promise<void>;
}

export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { queue, deliveries, keys, allow, version, logger } = options;
  const stopping = new AbortController();
  const connections: Connections = createGuardedAgent({
    allow,
    connectTimeoutMs: CONNECT_MS,
    idleTimeoutMs: IDLE_MS,
  });
  const sending = new Map<string, { host: string; done: Promise<void> }>();
  let sweptAt = 0;

  async function takeOver(): Promise<void> {
    const entries = await queue.outbox(ENDS_AT_ONCE);
    for (const entry of entries) await deliveries.accept(entry);
    if (entries.length > 0) await queue.clearOutbox(entries.map(({ id }) => id));
  }

  async function startDue(): Promise<void> {
    const room = AT_A_TIME - sending.size;
    if (room <= 0) return;
    for (const delivery of await deliveries.takeDue(room)) {
      const host = URL.parse(delivery.url)?.host ?? '';
      const there = [...sending.values()].filter((other) => other.host === host).length;
      if (there >= TO_ONE_HOST) await deliveries.giveBack(delivery.id);
      else
        sending.set(delivery.id, { host, done: send(delivery).finally(() => sending.delete(delivery.id)) });
    }
  }

  async function send(delivery: Delivery): Promise<void> {
    try {
      const { attempt, outcome } = await sendWebhook(delivery, {
        dispatcher: connections,
        secret: await keys.webhookSecret(delivery.owner),
        userAgent: `mediamill/${version}`,
        signal: stopping.signal,
      });
      if (stopping.signal.aborted && outcome !== 'told') await deliveries.giveBack(delivery.id);
      else await deliveries.settle(delivery.id, attempt, outcome);
      logger.debug({ delivery: delivery.id, attempt }, 'webhook');
    } catch (error) {
      // It was taken for a while, and is due again after that.
      logger.warn({ err: error, delivery: delivery.id }, 'a webhook could not be noted');
    }
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      let wait = LOOK_EVERY_MS;
      try {
        await takeOver();
        await startDue();
        if (Date.now() - sweptAt > SWEEP_EVERY_MS) {
          sweptAt = Date.now();
          await deliveries.sweep();
        }
      } catch (error) {
        logger.warn({ err: error }, 'webhooks wait');
        wait = REST_MS;
      }
      await sleep(wait, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const working = work();
  return {
    async stop() {
      stopping.abort();
      await working;
      await Promise.all([...sending.values()].map(({ done }) => done));
      await connections.destroy();
    },
  };
}
