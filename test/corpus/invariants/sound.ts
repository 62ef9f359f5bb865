/** Waveforms have exactly as many points as asked, and no impossible values. */
import type { Checker } from '../check.ts';
import { audioStreams } from '../manifest.ts';
import { readWaveform } from '../waveform.ts';

const SAMPLES = 137;

export default [
  {
    name: `${SAMPLES} samples`,
    task: 'generate_waveform_json',
    applies: (entry) => entry.expect === undefined && audioStreams(entry).length > 0,
    async run(context) {
      const { output } = await context.run('generate_waveform_json', { samples: SAMPLES });
      const { min, max, rms, duration_s } = readWaveform(output);
      for (const [name, values] of Object.entries({ min, max, rms }))
        context.equal(`length of ${name}`, values.length, SAMPLES);
      // Lossy codecs may go a little beyond full scale.
      const wrong = min.filter((low, i) => {
        const [high, mean] = [max[i] as number, rms[i] as number];
        return !(low <= high && low >= -2 && high <= 2 && mean >= 0 && mean <= Math.max(-low, high) + 1e-6);
      });
      context.equal('impossible spans', wrong.length, 0);
      context.note(`${duration_s} s, peak ${Math.max(...max).toFixed(3)}`);
    },
  },
] satisfies Checker[];
