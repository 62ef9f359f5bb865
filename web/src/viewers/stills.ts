/** Stills of a film that the browser can play. */

/** A still that does not come is left out after so long. */
const GIVE_UP_MS = 4000;

export async function stillsOf(
  url: string,
  count: number,
  height: number,
  signal: AbortSignal,
): Promise<string[]> {
  const video = document.createElement('video');
  video.muted = true;
  video.preload = 'auto';
  video.src = url;
  const stills: string[] = [];
  try {
    await happens(video, 'loadeddata', signal);
    const canvas = document.createElement('canvas');
    canvas.height = height;
    canvas.width = Math.max(1, Math.round((height * video.videoWidth) / (video.videoHeight || 1)));
    const context = canvas.getContext('2d');
    for (let index = 0; index < count; index++) {
      video.currentTime = ((index + 0.5) / count) * video.duration;
      await happens(video, 'seeked', signal);
      context?.drawImage(video, 0, 0, canvas.width, canvas.height);
      stills.push(canvas.toDataURL('image/jpeg', 0.7));
    }
    return stills;
  } finally {
    video.removeAttribute('src');
    video.load();
  }
}

function happens(video: HTMLVideoElement, name: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(reject, GIVE_UP_MS);
    const end = (run: () => void) => () => {
      clearTimeout(timer);
      run();
    };
    video.addEventListener(name, end(resolve), { once: true });
    video.addEventListener('error', end(reject), { once: true });
    signal.addEventListener('abort', end(reject), { once: true });
  });
}
