/** Numbers of frames and frame rates. */
import { type CheckContext, truthChecker } from '../check.ts';

interface VerifiedStream {
  codec_type?: string;
  kind?: string;
  codec: string;
  frames: number;
}

async function decodedFrames(context: CheckContext, wanted: number) {
  const { data } = await context.run('verify_file_integrity');
  const streams = data.streams as VerifiedStream[];
  const counts = streams.map(({ frames }) => frames);
  if (!counts.includes(wanted)) context.problem(`decoded frames are ${counts.join(', ')}, not ${wanted}`);
  context.note(`${wanted} frames decoded`);
}

export default [
  truthChecker<number>('frames', 'get_video_info', async (context, wanted) => {
    const { data } = await context.run('get_video_info');
    context.equal('frame_count', data.frame_count, wanted);
    context.note(`${data.frame_count} frames`);
  }),
  truthChecker<number>('frames', 'verify_file_integrity', decodedFrames),
  truthChecker<number>('frames', 'detect_scene_cuts', async (context, wanted) => {
    const { data } = await context.run('detect_scene_cuts');
    context.equal('frames', data.frames, wanted);
    context.note(`${data.frames} frames`);
  }),
  truthChecker<number>('fps', 'get_video_info', async (context, wanted) => {
    const { data } = await context.run('get_video_info');
    context.near('frame_rate', data.frame_rate, wanted, 0.001);
    context.note(`${data.frame_rate} fps`);
  }),
  truthChecker<number>('header_frames', 'probe_media_file', async (context, wanted) => {
    const { data } = await context.run('probe_media_file');
    const video = (data.streams as { kind: string; frame_count: number | null }[]).find(
      ({ kind }) => kind === 'video',
    );
    context.equal('frame_count', video?.frame_count, wanted);
    context.note(`${wanted} frames in the header`);
  }),
  truthChecker<number>('decoded_frames_ffmpeg51', 'verify_file_integrity', decodedFrames),
  truthChecker<string>('frame_k_pts_s', 'extract_frames', async (context) => {
    // "(k-1)/10, k from 1": frame k is shown from (k-1)/fps on.
    const { frames, fps } = context.entry.truth as { frames: number; fps: number };
    const times = Array.from({ length: frames }, (_, i) => (i + 0.5) / fps);
    const { data } = await context.run('extract_frames', { timestamps: times });
    const found = (data.images as { time_s: number }[]).map(({ time_s }) => time_s);
    context.equal('number of images', found.length, frames);
    for (const [i, time] of found.entries()) context.near(`time of frame ${i + 1}`, time, i / fps, 0.001);
    context.note(`${found.length} frames at their times`);
  }),
];
