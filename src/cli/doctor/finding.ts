import { toMillError } from '../../core/errors.ts';

/** What one check of `mediamill doctor` found. */
export interface Finding {
  check: string;
  state: 'ok' | 'warning' | 'failed';
  detail: string;
}

/** Looks, and says what it threw when it throws. A list of worries makes it a warning. */
export async function finding(
  check: string,
  look: () => Promise<string | { detail: string; worries: string[] }>,
): Promise<Finding> {
  try {
    const found = await look();
    if (typeof found === 'string') return { check, state: 'ok', detail: found };
    const { detail, worries } = found;
    return { check, state: worries.length > 0 ? 'warning' : 'ok', detail: [detail, ...worries].join('; ') };
  } catch (error) {
    return { check, state: 'failed', detail: toMillError(error).message };
  }
}
