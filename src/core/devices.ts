/**
 * Devices that encode and decode video, by the interface that drives them: which encoders of a plan may use one, and
 * what is decoded on one.
 */
import { MillError } from './errors.ts';
import type { StreamFacts } from './facts.ts';
import type { MediaPlan, PlannedOutput, VideoTrack } from './plan.ts';

/** FFmpeg names hardware encoders after the interface that drives them: `hevc_nvenc`. */
export const DEVICE_KINDS = ['nvenc', 'qsv', 'vaapi', 'videotoolbox', 'amf', 'vulkan', 'v4l2m2m'] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/** Null for an encoder in software. */
export function deviceKindOf(encoder: string): DeviceKind | null {
  return DEVICE_KINDS.find((kind) => encoder.endsWith(`_${kind}`)) ?? null;
}

/** What people call its decoders. */
export function decoderName(kind: DeviceKind): string {
  return kind === 'nvenc' ? 'nvdec' : kind;
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

/** Codecs that are worth it; what is older is soon decoded by any processor. */
const DECODED: ReadonlySet<string> = new Set(['h264', 'hevc', 'vp9', 'av1']);
/** What the trial of a device shows that it decodes as software does: 4:2:0 with 8 bits. */
const DECODED_FORMATS: ReadonlySet<string> = new Set(['yuv420p', 'yuvj420p']);
/** Smaller pictures are decoded sooner than they are fetched. */
const DECODED_PIXELS = 1280 * 720;

/**
 * The device that decodes a stream, of those that were granted: the one that encodes it. Null for software, also
 * when somebody else wants its pictures: they are to be the same whatever a transcode beside them uses.
 */
export function decodedOn(
  stream: StreamFacts | undefined,
  outputs: readonly PlannedOutput[],
  granted: readonly DeviceKind[],
): DeviceKind | null {
  if (stream?.kind !== 'video' || !DECODED.has(stream.codec ?? '')) return null;
  if (!DECODED_FORMATS.has(stream.pixel_format ?? '')) return null;
  if (stream.width * stream.height < DECODED_PIXELS) return null;
  const takers = outputs.flatMap((output): (DeviceKind | null)[] => {
    if (output.kind !== 'media')
      return 'stream' in output && output.kind !== 'facts' && output.stream === stream.index ? [null] : [];
    return output.tracks.flatMap((track) =>
      track.kind === 'video' && track.stream === stream.index ? [deviceKindOf(track.encoder)] : [],
    );
  });
  const [kind = null] = takers;
  const one = takers.every((taker) => taker === kind);
  return one && kind !== null && granted.includes(kind) ? kind : null;
}
