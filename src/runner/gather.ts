/** Brings callers together: what they ask for is answered in one go, once every one who is still there has asked. */
export interface Seat<Call, Answer> {
  /** Settles with the answer to this call. One call at a time. */
  call(call: Call): Promise<Answer>;
  /** Nobody waits for this one any more. May be said twice. */
  leave(): void;
}

/** `answer` is given the calls of one round, and answers each; a next round begins when all who stay have called again. */
export function gather<Call, Answer>(
  seats: number,
  answer: (calls: Call[]) => Promise<Answer>[],
): Seat<Call, Answer>[] {
  const waiting = new Map<number, { call: Call; settle: (answered: Promise<Answer>) => void }>();
  const taken = new Set(Array.from({ length: seats }, (_, number) => number));

  function begin(): void {
    if (waiting.size === 0 || waiting.size < taken.size) return;
    const round = [...waiting.values()];
    waiting.clear();
    const answers = answer(round.map(({ call }) => call));
    for (const [at, { settle }] of round.entries()) settle(answers[at] as Promise<Answer>);
  }

  return [...taken].map((number) => ({
    call: (call) =>
      new Promise((settle) => {
        waiting.set(number, { call, settle });
        begin();
      }),
    leave() {
      if (taken.delete(number)) begin();
    },
  }));
}
