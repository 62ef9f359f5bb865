/** Encoding jobs keep every frame, its time, and the sound. */
import { extname } from 'node:path';
import { compareVideos, streamsOf } from '../../decode/index.ts';
import type { Checker } from '../check.ts';
import { checkKept } from '../kept.ts';
import { type Entry, isVideo } from '../manifest.ts';

/** Encoder effort is no matter here. */
const FAST = { preset: 'ultrafast' };
const HEIGHT = 144;
const LEAST_SSIM = 0.98;
/** Containers of sources that cannot hold what the jobs write by default, H.264 or H.265. */
const TOO_NARROW = ['.webm', '.avi'];

/** The container to write: the source's own where it will do. */
function extensionFor({ file }: Entry): string | undefined {
  return TOO_NARROW.includes(extname(file)) ? '.mkv' : undefined;
}

const applies: Checker['applies'] = (entry) => entry.expect === undefined && isVideo(entry);

const resize: Checker = {
  name: 'frames, time and sound kept',
  task: 'resize_to_720p',
  applies,
  async run(context) {
    const { output } = await context.run(
      'resize_to_720p',
      { ...FAST, height: HEIGHT },
      extensionFor(context.entry),
    );
    await checkKept(context, output);
    const info = await context.run('get_video_info');
    const small = await context.caller.call('get_video_info', output);
    if (!small.ok) return context.problem(small.failure.detail);
    const { width, height } = info.data as { width: number; height: number };
    const even = (value: number) => 2 * Math.round(value / 2);
    const wanted = Math.min(HEIGHT, height);
    context.equal('height', small.data.height, even(wanted));
    context.near('width', small.data.width, (width * wanted) / height, 2);
  },
};

const transcode: Checker = {
  name: 'frames, time and sound kept',
  task: 'transcode_h264_to_h265',
  applies,
  async run(context) {
    const { output } = await context.run('transcode_h264_to_h265', FAST, extensionFor(context.entry));
    await checkKept(context, output);
    const main = streamsOf(output).streams.find(({ kind }) => kind === 'video');
    context.equal('codec', main?.codec, 'hevc');
    if (['.mp4', '.mov', '.m4v'].includes(extname(output))) context.equal('tag', main?.tag, 'hvc1');
  },
};

const quality: Checker = {
  name: 'SSIM at the default quality',
  task: 'transcode_h264_to_h265',
  full: true,
  applies,
  async run(context) {
    const { output } = await context.run('transcode_h264_to_h265', {}, extensionFor(context.entry));
    const wanted = streamsOf(output).streams.find(({ kind }) => kind === 'video')?.video;
    const source = streamsOf(context.entry.path).streams.find(
      ({ video }) => video?.width === wanted?.width && video?.height === wanted?.height,
    );
    const result = await compareVideos(context.entry.path, output, {
      reference: { stream: source?.index ?? null, lenient: { errors: 0 } },
    });
    if (!(result.mean >= LEAST_SSIM)) context.problem(`SSIM is ${result.mean.toFixed(4)}`);
    context.note(`SSIM ${result.mean.toFixed(4)}, worst frame ${result.worst.toFixed(4)}`);
  },
};

export default [resize, transcode, quality];
