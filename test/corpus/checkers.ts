/** Every checker there is. A new truth or invariant is one file and one line here. */
import type { Checker } from './check.ts';
import files from './invariants/files.ts';
import images from './invariants/images.ts';
import info from './invariants/info.ts';
import sound from './invariants/sound.ts';
import verify from './invariants/verify.ts';
import video from './invariants/video.ts';
import wrongKind from './invariants/wrong-kind.ts';
import duration from './truths/duration.ts';
import exif from './truths/exif.ts';
import expectFailure from './truths/expect.ts';
import frames from './truths/frames.ts';
import geometry from './truths/geometry.ts';
import levels from './truths/levels.ts';
import loudness from './truths/loudness.ts';
import scenes from './truths/scenes.ts';
import streams from './truths/streams.ts';
import tones from './truths/tones.ts';

export const truthCheckers: Checker[] = [
  ...expectFailure,
  ...frames,
  ...duration,
  ...geometry,
  ...streams,
  ...scenes,
  ...levels,
  ...tones,
  ...loudness,
  ...exif,
];

/** What must hold for any file that is not expected to fail. */
export const invariants: Checker[] = [
  ...files,
  ...info,
  ...wrongKind,
  ...video,
  ...images,
  ...sound,
  ...verify,
];

/** Truths that qualify others and are no claim of their own. */
export const QUALIFIERS = ['tolerance'];
