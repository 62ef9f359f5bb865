/** The JSON that `generate_waveform_json` writes. */
import { readFileSync } from 'node:fs';

export interface Waveform {
  samples: number;
  duration_s: number;
  sample_rate: number;
  channels: number;
  min: number[];
  max: number[];
  rms: number[];
}

export function readWaveform(path: string): Waveform {
  return JSON.parse(readFileSync(path, 'utf8')) as Waveform;
}
