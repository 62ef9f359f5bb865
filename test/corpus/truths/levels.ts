/** Known peaks in a waveform. */
import { type CheckContext, truthChecker } from '../check.ts';
import { readWaveform } from '../waveform.ts';

/** One step of 16-bit samples (a peak of 1 is stored as 32767/32768), and the rounding of printed numbers. */
const STEP = 1 / 32768 + 1e-6;

async function peaks(context: CheckContext, wanted: number[]) {
  const { output } = await context.run('generate_waveform_json', { samples: wanted.length });
  const { min, max } = readWaveform(output);
  for (const [second, level] of wanted.entries()) {
    context.near(`maximum in second ${second}`, max[second], level, STEP);
    context.near(`minimum in second ${second}`, min[second], -level, STEP);
  }
  context.note(max.map((value) => value.toFixed(5)).join(' '));
}

export default [
  truthChecker<number[]>('peak_per_second', 'generate_waveform_json', peaks, {
    applies: ({ truth, probe }) =>
      'peak_per_second' in truth && (truth.peak_per_second as number[]).length === probe.duration_s,
  }),
];
