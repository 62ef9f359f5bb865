/**
 * Settings between an encoder's presets, for those who ask for no preset and no options: found by a search over unlike
 * clips for the size and XPSNR of preset medium with less work and memory. docs/performance.md has the figures.
 */
import type { CodecOptions } from '../../core/plan.ts';

export const TUNED: Readonly<Record<string, CodecOptions>> = {
  // Fewer merge candidates and steps of motion search save work, a shorter lookahead memory; lower `psy-rd` pays for it.
  libx265: { 'x265-params': 'max-merge=2:psy-rd=0.5:subme=1:limit-sao=1:rc-lookahead=14' },
};
