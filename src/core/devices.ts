/** Devices that encode video, by the interface that drives them, and which encoders of a plan may use one. */
import { MillError } from './errors.ts';
import type { MediaPlan, VideoTrack } from './plan.ts';

/** FFmpeg names hardware encoders after the interface that drives them: `hevc_nvenc`. */
export const DEVICE_KINDS = ['nvenc', 'qsv', 'vaapi', 'videotoolbox', 'amf', 'vulkan', 'v4l2m2m'] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/** Null for an encoder in software. */
export function deviceKindOf(encoder: string): DeviceKind | null {
  return DEVICE_KINDS.find((kind) => encoder.endsWith(`_${kind}`)) ?? null;
}

/**
 * The same plan without the encoders of devices that are not among `kinds`. Throws `encoder_unavailable` when a
 * track has no other.
 */
export function restrictDevices(plan: MediaPlan, kinds: readonly string[]): MediaPlan {
  return {
    ...plan,
    outputs: plan.outputs.map((output) =>
      output.kind === 'media'
        ? {
            ...output,
            tracks: output.tracks.map((track) => (track.kind === 'video' ? restricted(track, kinds) : track)),
          }
        : output,
    ),
  };
}

function restricted(track: VideoTrack, kinds: readonly string[]): VideoTrack {
  const { encoder, options, fallback = [] } = track;
  const [first, ...rest] = [{ encoder, options }, ...fallback].filter((candidate) => {
    const kind = deviceKindOf(candidate.encoder);
    return kind === null || kinds.includes(kind);
  });
  if (!first) {
    throw new MillError('encoder_unavailable', `No device is set aside for the encoder ${encoder}.`, {
      facts: { encoder },
    });
  }
  return { ...track, ...first, fallback: rest };
}
