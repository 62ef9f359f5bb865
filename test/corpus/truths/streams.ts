/** Truths of single streams: `v0: "320x180 25fps 325 frames"`, channels, and checksums of the samples. */
import { readFileSync } from 'node:fs';
import { type CheckContext, truthChecker } from '../check.ts';

interface ProbedVideo {
  kind: string;
  attached_picture?: boolean;
  width: number;
  height: number;
  avg_frame_rate: { value: number | null };
  frame_count: number | null;
}

const DESCRIPTION = /^(\d+)x(\d+) ([\d.]+)fps (\d+) frames$/;

function videoStream(number: number) {
  return async (context: CheckContext, wanted: string) => {
    const { data } = await context.run('probe_media_file');
    const videos = (data.streams as ProbedVideo[]).filter((s) => s.kind === 'video' && !s.attached_picture);
    const found = videos[number];
    const [, width, height, fps, frames] = DESCRIPTION.exec(wanted) ?? [];
    context.equal('size', `${found?.width}x${found?.height}`, `${width}x${height}`);
    context.near('frame rate', found?.avg_frame_rate.value, Number(fps), 0.01);
    context.equal('frames', found?.frame_count, Number(frames));
    context.note(wanted);
  };
}

const FLAC_MD5_AT = 26;

/** MD5 of the samples in the header of a FLAC file (RFC 9639, 8.2). */
function samplesMd5(flac: Buffer): string {
  return flac.toString('hex', FLAC_MD5_AT, FLAC_MD5_AT + 16);
}

export default [
  ...[0, 1, 2, 3].map((n) => truthChecker<string>(`v${n}`, 'probe_media_file', videoStream(n))),
  truthChecker<number>('channels', 'get_audio_info', async (context, wanted) => {
    const { data } = await context.run('get_audio_info');
    context.equal('channels', data.channels, wanted);
    context.note(`${data.channels} channels`);
  }),
  truthChecker<string>('pcm_md5_streaminfo', 'resample_audio', async (context, wanted) => {
    const info = await context.run('get_audio_info');
    const params = { sample_rate: info.data.sample_rate };
    const { output } = await context.run('resample_audio', params, '.flac');
    context.equal('MD5 of the samples', samplesMd5(readFileSync(output)), wanted);
    context.note('samples unchanged through FLAC');
  }),
];
