/** What `generate_waveform_json` has written, as previews show it. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Peaks } from './port.ts';

const curve = z.object({ min: z.array(z.number()), max: z.array(z.number()) });
const waveform = z.object({ duration_s: z.number(), sample_rate: z.number(), per_channel: z.array(curve) });

export async function readPeaks(path: string): Promise<Peaks> {
  const { duration_s, sample_rate, per_channel } = waveform.parse(JSON.parse(await readFile(path, 'utf8')));
  return { duration_s, sample_rate, channels: per_channel };
}
