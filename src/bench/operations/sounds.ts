import { none, type Operation } from '../operation.ts';
import { quiet } from '../rival.ts';

export const SOUNDS: Operation[] = [
  {
    name: 'waveform',
    title: 'Waveform of 10 min, against decoding to PCM alone',
    terms: 'same result',
    ours: [
      {
        task: 'generate_waveform_json',
        input: 'sound',
        params: none,
        output: 'waveform.json',
        check: 'none',
      },
    ],
    rival: (rival, { sound }) => [quiet(rival, '-i', sound, '-f', 's16le', '/dev/null')],
  },
  {
    name: 'extract-mp3',
    title: 'Sound of a film as MP3, 128 kb/s',
    terms: 'same settings',
    ours: [
      {
        task: 'extract_audio_from_video',
        input: 'film',
        params: () => ({ format: 'mp3', bitrate: '128k' }),
        output: 'sound.mp3',
        check: 'sound',
      },
    ],
    rival: (rival, { film }, at) => [
      quiet(rival, '-i', film, '-vn', '-c:a', 'libmp3lame', '-b:a', '128k', at('sound.mp3')),
    ],
  },
  {
    name: 'resample',
    title: 'Resample 10 min from 44.1 to 48 kHz, WAV',
    terms: 'same settings',
    ours: [
      {
        task: 'resample_audio',
        input: 'sound',
        params: () => ({ sample_rate: 48000 }),
        output: 'sound.wav',
        check: 'sound',
      },
    ],
    rival: (rival, { sound }, at) => [quiet(rival, '-i', sound, '-vn', '-ar', '48000', at('sound.wav'))],
  },
  {
    name: 'mix',
    title: 'Mix 10 min with 1 min, WAV',
    terms: 'same result',
    ours: [
      {
        task: 'mix_audio_tracks',
        input: null,
        // The rival mixes at the rate of the first.
        params: (inputs) => ({
          input_files: [inputs.sound, inputs['second sound']],
          sample_rate: 44100,
        }),
        output: 'mix.wav',
        check: 'sound',
      },
    ],
    uses: ['sound', 'second sound'],
    rival: (rival, inputs, at) => [
      quiet(
        rival,
        ...['-i', inputs.sound, '-i', inputs['second sound'], '-filter_complex'],
        ...['amix=inputs=2:duration=longest:normalize=0', at('mix.wav')],
      ),
    ],
  },
  {
    name: 'normalize',
    title: 'Normalise 10 min to −23 LUFS, two passes, WAV',
    terms: 'same result',
    ours: [{ task: 'normalize_audio', input: 'sound', params: none, output: 'sound.wav', check: 'sound' }],
    // The second pass is given figures of the first by scripts; the time is the same whatever the figures are.
    rival: (rival, { sound }, at) => [
      quiet(rival, '-i', sound, '-vn', '-af', 'loudnorm=I=-23:TP=-1:print_format=json', '-f', 'null', '-'),
      quiet(
        rival,
        ...['-i', sound, '-vn', '-af'],
        'loudnorm=I=-23:TP=-1:linear=true:measured_I=-20:measured_TP=-3:measured_LRA=5:measured_thresh=-30',
        ...['-ar', '44100', at('sound.wav')],
      ),
    ],
  },
  {
    name: 'copy-sound',
    title: 'Sound of a film, copied',
    terms: 'same result',
    ours: [
      {
        task: 'extract_audio_from_video',
        input: 'film',
        params: () => ({ format: 'm4a' }),
        output: 'sound.m4a',
        check: 'sound',
      },
    ],
    rival: (rival, { film }, at) => [quiet(rival, '-i', film, '-vn', '-c:a', 'copy', at('sound.m4a'))],
  },
];
