import { z } from 'zod';
import { type AudioStreamFacts, mainAudio } from '../../core/facts.ts';
import { whole } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import { plural } from '../../core/plural.ts';
import { secondsText } from '../planning/describe.ts';

const params = z.object({
  samples: whole(
    { min: 1, max: 1_000_000 },
    { description: 'Points over the whole length; each covers an equal span.' },
  ).default(1000),
  per_channel: z
    .boolean()
    .default(false)
    .meta({ description: 'One curve for each channel instead of the outermost values of all.' }),
  format: z.enum(['json', 'audiowaveform']).default('json').meta({
    description:
      "`json`: minimum, maximum and RMS in −1…1. `audiowaveform`: the JSON of BBC's audiowaveform, for players that read it; each of its points covers a whole number of samples, so there may be a few less.",
  }),
});

export default defineJob({
  name: 'generate_waveform_json',
  title: 'Waveform',
  description: 'Minimum, maximum and RMS of the sound in equal spans, as JSON for drawing a waveform.',
  group: 'audio',
  params,
  input: { kind: 'media', needs: 'audio' },
  output: { kind: 'file', extensions: ['.json'] },
  example: {
    input_path: '/data/input/audio.mp3',
    output_path: '/data/output/waveform.json',
    params: { samples: 1000 },
    result: { samples: 1000, duration_s: 2, sample_rate: 48000, channels: 2 },
  },

  plan(source, { samples, per_channel, format }, target) {
    const audio = mainAudio(source) as AudioStreamFacts;
    return {
      inputs: [],
      outputs: [{ kind: 'waveform', stream: audio.index, file: target.name, samples, per_channel, format }],
    };
  },

  report(results) {
    const [made] = results;
    if (made?.kind !== 'waveform') throw new TypeError('The plan made no waveform.');
    const { duration_s, sample_rate, channels, length, warnings } = made;
    return {
      message: `${plural(length, 'point')} over ${secondsText(duration_s)}`,
      data: { samples: length, duration_s, sample_rate, channels },
      warnings,
    };
  },
});
