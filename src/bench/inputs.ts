/** Media to measure with, made by the rival, so that nobody needs files of their own. */
import { join } from 'node:path';
import { runCommands } from './cost.ts';
import { quiet, type Rival } from './rival.ts';

export const INPUT_KINDS = ['film', 'sound', 'second sound', 'picture'] as const;
/**
 * - `film`: pictures and sound; H.264 1920×1080 at 30 fps with AAC stereo when made here.
 * - `sound`: at least ten minutes, MP3 at 44.1 kHz.
 * - `second sound`: a minute of FLAC at 48 kHz to mix in.
 * - `picture`: PNG with alpha.
 */
export type InputKind = (typeof INPUT_KINDS)[number];
export type Inputs = Record<InputKind, string>;

/** Scenes unlike each other, so that there are cuts to find: zooms, counters, gradients with a little grain. */
const SCENES = [
  'mandelbrot=s=1920x1080:r=30:start_scale=0.6:maxiter=500',
  'testsrc2=s=1920x1080:r=30',
  'gradients=s=1920x1080:r=30:speed=0.02:seed=7,noise=alls=3:allf=t',
  'mandelbrot=s=1920x1080:r=30:start_x=-0.7436:start_y=0.1318:start_scale=0.02:maxiter=500',
  'smptehdbars=s=1920x1080:r=30,rotate=a=t/20:c=gray',
];
/** An input like a broadcast's. */
const FILM_QUALITY = ['-preset', 'veryfast', '-crf', '20', '-maxrate', '10M', '-bufsize', '20M', '-g', '60'];
const SOUND_S = 600;
/** Tones take long to make: a part is made, and repeated. */
const REPEATED_S = 30;

/** Film of so many seconds, from equal shares of all scenes. */
export async function makeFilm(
  rival: Rival,
  file: string,
  seconds: number,
  signal: AbortSignal,
): Promise<string> {
  const share = seconds / SCENES.length;
  const scenes = SCENES.flatMap((scene) => ['-f', 'lavfi', '-t', String(share), '-i', scene]);
  const pads = SCENES.map((_, index) => `[${index}:v]format=yuv420p[v${index}]`).join(';');
  const joined = `${SCENES.map((_, index) => `[v${index}]`).join('')}concat=n=${SCENES.length}[v]`;
  const command = quiet(
    rival,
    ...scenes,
    ...['-f', 'lavfi', '-t', String(seconds), '-i', music(48000)],
    ...['-filter_complex', `${pads};${joined}`, '-map', '[v]', '-map', `${SCENES.length}:a`],
    ...['-c:v', 'libx264', ...FILM_QUALITY],
    ...['-c:a', 'aac', '-b:a', '160k', '-movflags', '+faststart', file],
  );
  await runCommands([command], signal);
  return file;
}

export interface InputOptions {
  rival: Rival;
  folder: string;
  /** Of the film. */
  seconds: number;
  signal: AbortSignal;
}

/** Makes what is asked for, and the picture in any case; the others are only named. */
export async function makeInputs(kinds: readonly InputKind[], options: InputOptions): Promise<Inputs> {
  const { rival, folder, seconds, signal } = options;
  const inputs = {
    film: join(folder, 'film.mp4'),
    sound: join(folder, 'sound.mp3'),
    'second sound': join(folder, 'second.flac'),
    picture: join(folder, 'picture.png'),
  };
  if (kinds.includes('film')) await makeFilm(rival, inputs.film, seconds, signal);
  if (kinds.includes('sound')) await makeSound(rival, inputs.sound, SOUND_S, signal);
  if (kinds.includes('second sound')) await makeSecondSound(rival, inputs['second sound'], signal);
  await makePicture(rival, inputs.picture, signal);
  return inputs;
}

async function makeSecondSound(rival: Rival, file: string, signal: AbortSignal): Promise<void> {
  await runCommands([quiet(rival, '-f', 'lavfi', '-t', '60', '-i', music(48000), file)], signal);
}

async function makePicture(rival: Rival, file: string, signal: AbortSignal): Promise<void> {
  const command = quiet(
    rival,
    ...['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=1', '-frames:v', '1'],
    ...['-vf', "format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*X/W'", file],
  );
  await runCommands([command], signal);
}

/** MP3 at 44.1 kHz. */
export async function makeSound(
  rival: Rival,
  file: string,
  seconds: number,
  signal: AbortSignal,
): Promise<string> {
  const rate = 44100;
  const short = Math.min(seconds, REPEATED_S);
  const source = ['-f', 'lavfi', '-t', String(short), '-i', music(rate)];
  const repeated = ['-af', `aloop=loop=-1:size=${short * rate}`, '-t', String(seconds)];
  await runCommands(
    [quiet(rival, ...source, ...repeated, '-c:a', 'libmp3lame', '-b:a', '192k', file)],
    signal,
  );
  return file;
}

/** Tones that swell and fade over noise, stereo. */
function music(rate: number): string {
  const left = '0.3*sin(2*PI*220*t)*(0.6+0.4*sin(2*PI*0.3*t))+0.02*(random(0)-0.5)';
  const right = '0.25*sin(2*PI*331*t)*(0.5+0.5*sin(2*PI*0.21*t))+0.02*(random(1)-0.5)';
  return `aevalsrc=${left}|${right}:s=${rate}`;
}
