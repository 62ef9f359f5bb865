/** Video of half pictures, as television and camcorders record it. */
import { describe, expect, it } from 'vitest';
import { decodeVideo } from '../../decode/index.ts';
import { madeByFfmpeg } from '../../fixtures/media/index.ts';
import { runJob } from '../harness.ts';

const FRAMES = 25;

/** A bar that moves 8 pixels from half picture to half picture: the combs of whole pictures are as wide. */
function movingBar(codec: 'mpeg2video' | 'libx264'): Promise<string> {
  const bar = `nullsrc=s=320x176:r=50:d=${FRAMES / 25},format=yuv420p,geq=lum='if(between(X,8*mod(N,32),8*mod(N,32)+40),235,16)':cb=128:cr=128`;
  const encoder = {
    mpeg2video: ['mpeg2video', '-q:v', '2', '-flags', '+ildct+ilme', '-bf', '0'],
    libx264: ['libx264', '-preset', 'ultrafast', '-flags', '+ildct', '-x264-params', 'tff=1'],
  }[codec];
  return madeByFfmpeg('interlaced', codec === 'libx264' ? '.mp4' : '.ts', [
    ...['-f', 'lavfi', '-i', bar, '-vf', 'tinterlace=4,setfield=tff', '-c:v'],
    ...encoder,
  ]);
}

/** How far lines are from the mean of their neighbours: large where half pictures lie in each other. */
async function combs(path: string): Promise<number> {
  const frames = await decodeVideo(path);
  expect(frames).toHaveLength(FRAMES);
  let sum = 0;
  for (const { luma, width, height } of frames.slice(2, -2))
    for (let y = 1; y < height - 1; y++)
      for (let x = 0; x < width; x++) {
        const at = y * width + x;
        const [above, here, below] = [luma[at - width] ?? 0, luma[at] ?? 0, luma[at + width] ?? 0];
        sum += Math.abs(here - (above + below) / 2) / (width * height);
      }
  return sum / (FRAMES - 4);
}

describe.each(['libx264', 'mpeg2video'] as const)('from %s', (codec) => {
  it.each([
    ['transcode_h264_to_h265', { codec: 'libx264', preset: 'ultrafast' }],
    ['resize_to_720p', { preset: 'ultrafast', height: 176 }],
  ])('%s makes whole pictures when it is told to, and says so when not', async (task, params) => {
    const input = await movingBar(codec);
    const asIs = await runJob(task, { input, target: 'a.mp4', params });
    const whole = await runJob(task, { input, target: 'b.mp4', params: { ...params, deinterlace: true } });
    expect(asIs.report.warnings?.join()).toContain('"deinterlace" makes whole pictures of it');
    expect(whole.report.warnings?.join() ?? '').not.toContain('deinterlace');
    expect(await combs(whole.output)).toBeLessThan((await combs(asIs.output)) / 4);
    const times = (await decodeVideo(whole.output)).map(({ time_s }) => time_s);
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual(
      times.map((_, n) => expect.closeTo(n / 25, 3)),
    );
  });
});
