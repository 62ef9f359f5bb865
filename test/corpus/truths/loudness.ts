/** Loudness by EBU R 128, measured and normalised. */
import { truthChecker } from '../check.ts';

const DEFAULT_TOLERANCE_LU = 0.1;
const TARGET_LUFS = -23;
const NORMALIZED_TOLERANCE_LU = 0.2;

/** The measured value, wherever the job puts it. */
function integrated(data: Record<string, unknown>): unknown {
  const loudness = (data.loudness ?? data) as Record<string, unknown>;
  return loudness.integrated_lufs ?? loudness.integrated;
}

export default [
  truthChecker<number>(
    'integrated_lufs',
    'get_audio_info',
    async (context, wanted) => {
      const { data } = await context.run('get_audio_info', { loudness: true });
      const tolerance = (context.entry.truth.tolerance as number | undefined) ?? DEFAULT_TOLERANCE_LU;
      context.near('integrated loudness', integrated(data), wanted, tolerance);
      context.note(`${integrated(data)} LUFS`);
    },
    { parameter: 'loudness' },
  ),
  truthChecker<number>('integrated_lufs', 'normalize_audio', async (context) => {
    const { output } = await context.run('normalize_audio', { target_lufs: TARGET_LUFS }, '.wav');
    const again = await context.caller.call('get_audio_info', output, { loudness: true });
    if (!again.ok) return context.problem(again.failure.detail);
    context.near('loudness', integrated(again.data), TARGET_LUFS, NORMALIZED_TOLERANCE_LU);
    context.note(`${integrated(again.data)} LUFS after normalising`);
  }),
];
