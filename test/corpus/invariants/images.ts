/** Image jobs give as many images as asked, each one readable. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeReport, readImage } from '../../decode/index.ts';
import type { CheckContext, Checker } from '../check.ts';
import { isVideo } from '../manifest.ts';

const COUNT = 7;
const WIDTH = 160;
const IMAGE = /\.(?:jpg|png|webp)$/;

async function checkImages(context: CheckContext, output: string) {
  const info = await context.run('get_video_info');
  const { width, height } = info.data as { width: number; height: number };
  const files = readdirSync(output).filter((name) => IMAGE.test(name));
  const frames = (await decodeReport(context.entry.path))
    .filter(({ kind }) => kind === 'video')
    .map((report) => report.frames);
  context.equal('number of images', files.length, Math.min(COUNT, Math.max(...frames)));
  const pictures = await Promise.all(files.map((name) => readImage(join(output, name))));
  const wanted = Math.min(WIDTH, width);
  for (const [i, picture] of pictures.entries()) {
    context.near(`width of ${files[i]}`, picture.width, wanted, 1);
    context.near(`height of ${files[i]}`, picture.height, (height * wanted) / width, 1);
  }
  context.note(`${files.length} images of ${pictures[0]?.width}x${pictures[0]?.height}`);
}

function imageChecker(task: string): Checker {
  return {
    name: `${COUNT} images`,
    task,
    applies: (entry) => entry.expect === undefined && isVideo(entry),
    async run(context) {
      const { output } = await context.run(task, { count: COUNT, width: WIDTH });
      await checkImages(context, output);
    },
  };
}

export default [imageChecker('extract_thumbnails'), imageChecker('extract_frames')];
