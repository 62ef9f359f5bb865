/** Media of any length within seconds: a short clip is made once, and its packets are repeated. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommands } from '../cost.ts';
import { quiet, type Rival } from '../rival.ts';

export interface LongInputs {
  /** H.264 320×180 at 10 fps with AAC; a cut every 2 s, a key frame at least every 2 s. */
  film: string;
  /** MP3, mono, 24 kHz. */
  sound: string;
  /** PNG. */
  picture: string;
}

export interface ClipMaker {
  ofLength(seconds: number): Promise<LongInputs>;
}

const SCENES = ['testsrc2', 'mandelbrot', 'smptebars', 'gradients=seed=7', 'rgbtestsrc'];
const SCENE_S = 2;
const CLIP_S = SCENES.length * SCENE_S;

export async function startClipMaker(rival: Rival, folder: string, signal: AbortSignal): Promise<ClipMaker> {
  const clip = join(folder, 'clip.mp4');
  const tones = join(folder, 'clip.mp3');
  const picture = join(folder, 'picture.png');
  const scenes = SCENES.flatMap((scene) => {
    const sized = `${scene}${scene.includes('=') ? ':' : '='}s=320x180:r=10`;
    return ['-f', 'lavfi', '-t', String(SCENE_S), '-i', sized];
  });
  const sound = ['-f', 'lavfi', '-t', String(CLIP_S), '-i', 'sine=f=220:r=24000,volume=0.5'];
  const pads = SCENES.map((_, index) => `[${index}:v]format=yuv420p[v${index}]`).join(';');
  const joined = `${SCENES.map((_, index) => `[v${index}]`).join('')}concat=n=${SCENES.length}[v]`;
  const maps = ['-map', '[v]', '-map', `${SCENES.length}:a`];
  const codecs = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '20', '-c:a', 'aac', '-b:a', '48k'];
  await runCommands(
    [
      quiet(rival, ...scenes, ...sound, '-filter_complex', `${pads};${joined}`, ...maps, ...codecs, clip),
      quiet(rival, ...sound, '-c:a', 'libmp3lame', '-b:a', '48k', tones),
      quiet(rival, '-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=1', '-frames:v', '1', picture),
    ],
    signal,
  );
  return {
    async ofLength(seconds) {
      const [film, long] = [join(folder, `${seconds}.mp4`), join(folder, `${seconds}.mp3`)];
      await repeat(clip, film, seconds);
      await repeat(tones, long, seconds);
      return { film, sound: long, picture };
    },
  };

  async function repeat(file: string, target: string, seconds: number): Promise<void> {
    const list = `${target}.txt`;
    await writeFile(list, `file '${file}'\n`.repeat(Math.ceil(seconds / CLIP_S)));
    const source = ['-f', 'concat', '-safe', '0', '-i', list];
    await runCommands([quiet(rival, ...source, '-c', 'copy', '-t', String(seconds), target)], signal);
  }
}
