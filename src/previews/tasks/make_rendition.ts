/** The same film or sound in a form that browsers play: what they play already is copied, the rest encoded fast. */
import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import {
  type AudioStreamFacts,
  mainAudio,
  mainVideo,
  type SourceFacts,
  type VideoStreamFacts,
} from '../../core/facts.ts';
import { defineJob } from '../../core/job.ts';
import type { Track } from '../../core/plan.ts';
import { playsSound, playsVideo } from '../../core/playability.ts';

/** Large enough to judge a picture in a page, small enough to be made faster than it plays. */
const LONGEST_SIDE = 1280;
/** Frames from key frame to key frame: seeking and stepping back stay quick. */
const KEY_FRAME_EVERY = 48;
const CRF = 23;
const AUDIO_BIT_RATE = 160_000;
const MP4_SOUND = ['aac', 'mp3', 'opus', 'flac'];
const M4A_SOUND = ['aac'];

export default defineJob({
  name: 'make_rendition',
  title: 'Preview rendition',
  description: 'The same film or sound in a form that browsers play.',
  group: 'video',
  params: z.object({}),
  input: { kind: 'media' },
  output: { kind: 'file', extensions: ['.mp4', '.m4a'] },
  example: { params: {} },

  plan(source, _params, target) {
    const video = mainVideo(source);
    const audio = mainAudio(source);
    const tracks = [
      ...(video ? [videoTrack(video)] : []),
      ...(audio ? [audioTrack(audio, video ? MP4_SOUND : M4A_SOUND)] : []),
    ];
    if (tracks.length === 0) throw new MillError('no_preview', 'The file has neither video nor sound.');
    return {
      inputs: [],
      outputs: [
        { kind: 'media', file: target.name, tracks, dropped: [], metadata: 'drop', chapters: 'drop' },
      ],
    };
  },

  report(results, source) {
    const [made] = results;
    if (made?.kind !== 'media') throw new TypeError('The plan made no rendition.');
    return {
      message: 'done',
      data: { duration_s: made.duration_s, name: source.name },
      warnings: made.warnings,
    };
  },
});

function videoTrack(video: VideoStreamFacts): Track {
  if (video.codec === 'h264' && playsVideo(video)) return { kind: 'copy', stream: video.index };
  return {
    kind: 'video',
    stream: video.index,
    encoder: 'libx264',
    options: { preset: 'veryfast', crf: CRF, g: KEY_FRAME_EVERY },
    size: codedSize(video),
    pixel_format: 'yuv420p',
  };
}

/** Square pixels, both sides even; the rotation stays in the container. */
function codedSize(video: VideoStreamFacts): { width: number; height: number } {
  const { display_width: width, display_height: height } = video;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height, 1));
  const even = (value: number) => Math.max(2, 2 * Math.round((value * scale) / 2));
  const upright = video.rotation % 180 === 0;
  return upright
    ? { width: even(width), height: even(height) }
    : { width: even(height), height: even(width) };
}

function audioTrack(audio: AudioStreamFacts, copied: readonly string[]): Track {
  if (playsSound(audio) && copied.includes(audio.codec ?? '')) return { kind: 'copy', stream: audio.index };
  return {
    kind: 'audio',
    stream: audio.index,
    encoder: 'aac',
    options: {},
    sample_rate: audio.sample_rate > 48_000 ? 48_000 : null,
    channels: audio.channels > 2 ? 2 : null,
    bit_rate: AUDIO_BIT_RATE,
    sample_format: null,
  };
}

/** Extension of the rendition of a source. */
export function renditionExtension(source: SourceFacts): '.mp4' | '.m4a' {
  return mainVideo(source) ? '.mp4' : '.m4a';
}
