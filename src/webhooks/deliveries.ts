/** The log of deliveries, and which of them are due. Shared by all servers of an installation. */
import { MillError } from '../core/errors.ts';
import type { Ledger, LedgerEntry } from '../ledger/port.ts';
import type { OutboxEntry } from '../queue/port.ts';
import {
  ATTEMPTS_KEPT,
  type Delivery,
  type DeliveryAttempt,
  type DeliveryStatus,
  deliveryOf,
} from './delivery.ts';

/** Pauses after the first, second, … attempt, seconds; after the last one it is given up: about two and a half days. */
export const RETRY_AFTER_S = [5, 30, 120, 600, 1800, 7200, 6 * 3600, 12 * 3600, 24 * 3600, 18 * 3600];
/** Whoever took a delivery and died leaves it to the others after this. Longer than any attempt. */
const LEASE_MS = 60_000;
const KEPT = 10_000;
const SWEPT_AT_ONCE = 100;
const PAGE = 200;
/** Deliveries looked at for one page of a filtered list. */
const SCANNED = 2000;

export interface DeliveryQuery {
  /** Only of jobs of this key. */
  owner?: string;
  status?: DeliveryStatus;
  job?: string;
  limit: number;
  cursor?: string;
}

export interface Deliveries {
  /** Takes an end over; the same one any number of times. */
  accept(entry: OutboxEntry): Promise<void>;
  /** Takes deliveries whose time has come, so that nobody else does meanwhile. */
  takeDue(limit: number): Promise<Delivery[]>;
  /** Notes an attempt. `final`: asking again will not help. */
  settle(id: string, attempt: DeliveryAttempt, outcome: 'told' | 'again' | 'final'): Promise<Delivery | null>;
  /** Gives one back that was taken and not tried. */
  giveBack(id: string): Promise<void>;
  /** Sends it again, from now on, as often as a new one. Throws `delivery_not_found`. */
  replay(id: string): Promise<Delivery>;
  /** Throws `delivery_not_found`. */
  get(id: string): Promise<Delivery>;
  /** Newest first. */
  list(query: DeliveryQuery): Promise<{ deliveries: Delivery[]; next_cursor: string | null }>;
  /** Forgets the oldest beyond {@link KEPT} that are not pending. */
  sweep(): Promise<void>;
}

const BOOK = 'deliveries';
/** In the order of their time. */
const DUE = 'due';

export function deliveries(ledger: Ledger): Deliveries {
  async function find(id: string): Promise<LedgerEntry<Delivery>> {
    const entry = await ledger.get<Delivery>(BOOK, id);
    if (!entry) throw new MillError('delivery_not_found', `There is no delivery "${id}".`);
    return entry;
  }

  /** Another process may write the same one at the same time. */
  async function change(id: string, make: (delivery: Delivery) => Delivery): Promise<Delivery> {
    for (;;) {
      const entry = await find(id);
      const changed = make(entry.value);
      if (await ledger.replace(BOOK, entry, changed)) return changed;
    }
  }

  return {
    async accept({ id: end, job }) {
      const delivery = deliveryOf(`msg_${job.id}_${end}`, job);
      // A fraction of a millisecond, so that no two share a place and pages can go on from it.
      const fresh = await ledger.add(BOOK, delivery.id, delivery, Date.now() + Math.random());
      if (!fresh && (await find(delivery.id)).value.status !== 'pending') return;
      await ledger.add(DUE, delivery.id, null, Date.now());
    },
    async takeDue(limit) {
      const taken: Delivery[] = [];
      for (const due of await ledger.list<null>(DUE, { to: Date.now(), limit, order: 'ascending' })) {
        if (!(await ledger.replace(DUE, due, null, Date.now() + LEASE_MS))) continue;
        const delivery = (await ledger.get<Delivery>(BOOK, due.id))?.value;
        if (delivery?.status === 'pending') taken.push(delivery);
        else await ledger.remove(DUE, due.id);
      }
      return taken;
    },
    async settle(id, attempt, outcome) {
      let next: number | null = null;
      const settled = await change(id, (delivery) => {
        const tries = delivery.tries + 1;
        const pause = RETRY_AFTER_S[tries - 1];
        const again = outcome === 'again' && pause !== undefined;
        next = again ? Date.now() + jittered(pause * 1000) : null;
        return {
          ...delivery,
          status: outcome === 'told' ? 'delivered' : again ? 'pending' : 'failed',
          tries,
          attempts: [...delivery.attempts, attempt].slice(-ATTEMPTS_KEPT),
          next_attempt_at: next === null ? null : new Date(next).toISOString(),
        };
      }).catch((error: unknown) => {
        if (error instanceof MillError && error.code === 'delivery_not_found') return null;
        throw error;
      });
      if (next === null || settled === null) await ledger.remove(DUE, id);
      else await ledger.put(DUE, id, null, next);
      return settled;
    },
    giveBack: (id) => ledger.put(DUE, id, null, Date.now()),
    async replay(id) {
      const replayed = await change(id, (delivery) => ({
        ...delivery,
        status: 'pending',
        tries: 0,
        next_attempt_at: new Date().toISOString(),
      }));
      await ledger.put(DUE, id, null, Date.now());
      return replayed;
    },
    get: async (id) => (await find(id)).value,
    async list({ owner, status, job, limit, cursor }) {
      const found: Delivery[] = [];
      let before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
      if (Number.isNaN(before)) {
        throw new MillError('invalid_request', 'The cursor is not one of a previous page.', {
          facts: { field: 'cursor' },
        });
      }
      for (let scanned = 0; scanned < SCANNED; scanned += PAGE) {
        const entries = await ledger.list<Delivery>(BOOK, {
          to: before,
          limit: PAGE + 1,
          order: 'descending',
        });
        const page = entries.filter(({ place }) => place < before).slice(0, PAGE);
        for (const { value, place } of page) {
          before = place;
          if (owner !== undefined && value.owner !== owner) continue;
          if (status !== undefined && value.status !== status) continue;
          if (job !== undefined && value.job_id !== job) continue;
          found.push(value);
          if (found.length === limit) return { deliveries: found, next_cursor: String(before) };
        }
        if (page.length < PAGE) return { deliveries: found, next_cursor: null };
      }
      return { deliveries: found, next_cursor: String(before) };
    },
    async sweep() {
      const excess = (await ledger.count(BOOK)) - KEPT;
      if (excess <= 0) return;
      const limit = Math.min(excess, SWEPT_AT_ONCE);
      for (const { id, value } of await ledger.list<Delivery>(BOOK, { limit, order: 'ascending' })) {
        if (value.status !== 'pending') await ledger.remove(BOOK, id);
      }
    },
  };
}

/** ± 10 %: receivers that were down shall not get everything at once. */
function jittered(ms: number): number {
  return ms * (0.9 + Math.random() * 0.2);
}
