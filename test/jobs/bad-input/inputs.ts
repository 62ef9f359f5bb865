/** The inputs that jobs are asked to work on, good and bad. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  alphaPng,
  counterVideo,
  emptyFile,
  photoJpeg,
  textFile,
  toneWav,
  truncate,
} from '../../fixtures/media/index.ts';

/** What is wrong with an input; `film` is right for every job that takes media. */
export const INPUT_KINDS = {
  empty: 'no bytes at all, named .mp4',
  text: 'plain text, named .mp4',
  no_index: 'an mp4 that was cut before its index',
  stump: 'the first 1 % of an mp4, not even its whole header',
  broken_off: 'an mp4 with its index in front and 60 % of its data',
  sound: 'sound alone',
  silent: 'a video without sound',
  photo: 'a photo',
} as const;
export type InputKind = keyof typeof INPUT_KINDS;

export type Inputs = Record<InputKind | 'film' | 'logo' | 'missing' | 'folder', string>;

/** Paths by kind; `folder` takes what is not in the cache of fixtures. */
export async function makeInputs(folder: string): Promise<Inputs> {
  const film = await counterVideo({ frames: 50, audio: [{ codec: 'aac' }] });
  const indexLast = await counterVideo({ frames: 50, audio: [{ codec: 'aac' }], layout: 'index_last' });
  const directory = join(folder, 'a-folder');
  mkdirSync(directory);
  writeFileSync(join(directory, 'a.txt'), 'a');
  return {
    film,
    logo: await alphaPng(),
    empty: await emptyFile(),
    text: await textFile(),
    no_index: await truncate(indexLast, 0.6),
    stump: await truncate(film, 0.01),
    broken_off: await truncate(film, 0.6),
    sound: await toneWav(),
    silent: await counterVideo({ frames: 50 }),
    photo: await photoJpeg(),
    missing: join(folder, 'not-there.mp4'),
    folder: directory,
  };
}
