/** Tones: their level in a waveform, kept by resampling, and summed in a mix. */
import { decodeAudio, peak, toneFrequency, toneLevel } from '../../decode/index.ts';
import { type CheckContext, type Checker, truthChecker } from '../check.ts';
import type { Entry } from '../manifest.ts';
import { readWaveform } from '../waveform.ts';

const LEVEL_TOLERANCE_DB = 0.1;

interface ToneTruth {
  freq_hz: number;
  peak_dbfs: number;
  duration_s: number;
}

const isTone = ({ truth }: Entry) => 'freq_hz' in truth && 'peak_dbfs' in truth;
const toneOf = ({ truth }: Entry) => truth as unknown as ToneTruth;

async function toneAt(path: string, freq: number) {
  const { samples, rate } = await decodeAudio(path);
  const first = samples[0] as Float32Array;
  return { level: toneLevel(first, rate, freq), freq: toneFrequency(first, rate, freq), rate };
}

const mixed: Checker = {
  name: 'mix of two tones',
  task: 'mix_audio_tracks',
  applies: isTone,
  async run(context) {
    const { entry, entries } = context;
    const other = entries.find((one) => isTone(one) && toneOf(one).freq_hz !== toneOf(entry).freq_hz);
    if (!other) return context.note('there is no second tone');
    const { output } = await context.run(
      'mix_audio_tracks',
      { input_files: [entry.path, other.path] },
      '.wav',
    );
    const shorter = Math.min(toneOf(entry).duration_s, toneOf(other).duration_s);
    const { samples, rate, duration_s } = await decodeAudio(output);
    const both = (samples[0] as Float32Array).subarray(0, Math.floor(shorter * rate));
    for (const { freq_hz, peak_dbfs } of [entry, other].map(toneOf)) {
      const level = toneLevel(both, rate, freq_hz);
      context.near(`level at ${freq_hz} Hz`, level, peak_dbfs, LEVEL_TOLERANCE_DB);
      context.note(`${freq_hz} Hz: ${level.toFixed(2)} dBFS`);
    }
    const longer = Math.max(toneOf(entry).duration_s, toneOf(other).duration_s);
    context.near('duration', duration_s, longer, 0.01);
    if (peak(samples[0] as Float32Array) >= 1) context.problem('the mix is clipped');
  },
};

export default [
  truthChecker<number>('peak_dbfs', 'generate_waveform_json', async (context, wanted) => {
    const { output } = await context.run('generate_waveform_json', { samples: 1 });
    const { max } = readWaveform(output);
    context.near('peak', 20 * Math.log10(max[0] ?? 0), wanted, LEVEL_TOLERANCE_DB);
    context.note(`${(20 * Math.log10(max[0] ?? 0)).toFixed(2)} dBFS`);
  }),
  ...[44100, 96000].map((rate) =>
    truthChecker<number>(
      'freq_hz',
      'resample_audio',
      async (context: CheckContext, wanted) => {
        const { output } = await context.run('resample_audio', { sample_rate: rate }, '.wav');
        const tone = await toneAt(output, wanted);
        context.equal('sample rate', tone.rate, rate);
        context.near('frequency', tone.freq, wanted, 0.1);
        context.near('level', tone.level, toneOf(context.entry).peak_dbfs, LEVEL_TOLERANCE_DB);
        context.note(`${tone.freq.toFixed(2)} Hz, ${tone.level.toFixed(2)} dBFS at ${rate} Hz`);
      },
      { name: `freq_hz at ${rate} Hz` },
    ),
  ),
  mixed,
];
