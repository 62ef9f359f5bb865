/** Orders that run side by side in one thread, on one source: they probe it once and carry out their plans in one go. */
import type { SourceFacts } from '../core/facts.ts';
import type { MediaPlan, OutputResult } from '../core/plan.ts';
import type { PlanContext } from '../engine/index.ts';
import type { Engine } from './execute-order.ts';
import { gather } from './gather.ts';

interface PlanCall {
  plan: MediaPlan;
  context: PlanContext;
}

export interface SharedEngine extends Engine {
  /** Plans on one source in one go; each has its own end. */
  executeTogether(calls: readonly PlanCall[]): Promise<OutputResult[]>[];
}

export interface EngineSeat {
  load(): Promise<Engine>;
  /** The order has ended: nobody is to wait for its next plan. */
  leave(): void;
}

/** One for each order. Orders with different sources must not share. */
export function shareEngine(orders: number, load: () => Promise<SharedEngine>): EngineSeat[] {
  if (orders === 1) return [{ load, leave() {} }];
  const probed = new Map<string, Promise<SourceFacts>>();
  const seats = gather<PlanCall & { engine: SharedEngine }, OutputResult[]>(orders, (calls) => {
    const [first] = calls;
    return first ? first.engine.executeTogether(calls) : [];
  });
  return seats.map((seat) => ({
    async load() {
      const engine = await load();
      return {
        ...engine,
        async look(path) {
          const found = probed.get(path) ?? engine.probe(path);
          probed.set(path, found);
          return { facts: await found, take: async () => null, [Symbol.dispose]() {} };
        },
        execute: (plan, context) => seat.call({ plan, context, engine }),
      };
    },
    leave: seat.leave,
  }));
}
