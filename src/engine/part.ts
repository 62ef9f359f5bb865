/** One of the plans that are carried out in one go: what it runs with, and how it ended. */
import { MillError } from '../core/errors.ts';
import type { MediaPlan, OutputResult } from '../core/plan.ts';
import type { PlanContext } from './context.ts';
import { explain } from './ffmpeg.ts';

/** Fails alone: whatever goes wrong with one part is nothing to the others. */
export class Part {
  readonly plan: MediaPlan;
  readonly context: PlanContext;
  /** In the order of the plan's outputs. */
  readonly results: OutputResult[];
  readonly #end = Promise.withResolvers<OutputResult[]>();
  /** Settles as soon as it is known how the part ends: at its first failure, while others go on. */
  readonly ended = this.#end.promise;
  #failed = false;

  constructor(plan: MediaPlan, context: PlanContext) {
    this.plan = plan;
    this.context = context;
    this.results = new Array(plan.outputs.length);
    // Whoever waits for it hears of it; nobody may have begun to.
    this.ended.catch(() => {});
  }

  /** True also when its signal was aborted, from the moment that is noticed. */
  get failed(): boolean {
    if (!this.#failed && this.context.signal.aborted) this.fail(new MillError('canceled'));
    return this.#failed;
  }

  fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    explain(error).then(this.#end.reject, this.#end.reject);
  }

  finish(): void {
    if (!this.failed) this.#end.resolve(this.results);
  }

  /** Does a piece of the work, unless the part has failed already. */
  async attempt(work: () => void | Promise<void>): Promise<void> {
    if (this.failed) return;
    try {
      await work();
    } catch (error) {
      this.fail(error);
    }
  }
}
