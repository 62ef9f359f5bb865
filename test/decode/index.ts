/** Independent checks of what the jobs wrote, with FFmpeg and nothing of `src/`. */
export * from './audio.ts';
export * from './counters.ts';
export * from './ffprobe.ts';
export * from './image.ts';
export * from './packets.ts';
export * from './ssim.ts';
export * from './streams.ts';
export * from './video.ts';
export * from './webp.ts';
