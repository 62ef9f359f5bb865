/** Sizes on a display, and rotation. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readImage } from '../../decode/index.ts';
import { type CheckContext, truthChecker } from '../check.ts';

async function infoSize(context: CheckContext, wanted: string) {
  const { data } = await context.run('get_video_info');
  context.equal('display size', `${data.width}x${data.height}`, wanted);
  context.note(`${data.width}x${data.height}`);
}

/** Images come out as a display would show them, here as large as they are. */
async function imageSize(context: CheckContext, wanted: string) {
  const { output } = await context.run('extract_thumbnails', { count: 2, width: 8192 });
  const file = readdirSync(output).find((name) => name.endsWith('.jpg'));
  const { width, height } = await readImage(join(output, file ?? 'no image'));
  context.equal('size of a thumbnail', `${width}x${height}`, wanted);
  context.note(`${width}x${height}`);
}

export default [
  truthChecker<string>('display_size', 'get_video_info', infoSize),
  truthChecker<string>('displayed_size', 'get_video_info', infoSize),
  truthChecker<string>('display_size', 'extract_thumbnails', imageSize),
  truthChecker<string>('displayed_size', 'extract_thumbnails', imageSize),
  truthChecker<number>('rotation', 'get_video_info', async (context, wanted) => {
    const { data } = await context.run('get_video_info');
    // The manifest has ffprobe's counterclockwise degrees.
    context.equal('rotation', data.rotation, (360 - wanted) % 360);
    context.note(`${data.rotation}° clockwise`);
  }),
];
