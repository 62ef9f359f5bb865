/**
 * Settings between an encoder's presets, for those who ask for no preset and no options: found by a search over unlike
 * clips for the size and XPSNR of preset medium with less work and memory. docs/performance.md has the figures.
 */
import type { CodecOptions } from '../../core/plan.ts';

interface Tuned {
  options: CodecOptions;
  /** Added to a constant quality, so that it means what it means with preset medium. */
  crf: number;
}

export const TUNED: Readonly<Record<string, Tuned>> = {
  // Fewer merge candidates and steps of motion search cost nothing that can be measured; a short lookahead is memory.
  libx265: {
    options: { 'x265-params': 'max-merge=2:psy-rd=0.5:subme=1:limit-sao=1:rc-lookahead=14' },
    crf: 0,
  },
  // The lookahead in a thread of its own holds frames of its own.
  libx264: {
    options: { 'x264-params': 'rc-lookahead=15:sync-lookahead=0:trellis=0:psy-rd=0.5,0' },
    crf: -0.6,
  },
};
