/** Which devices a job may try, from the encoders it would use and the trials of this machine. */
import { DEVICE_KINDS, type DeviceKind, decoderName, deviceKindOf } from '../core/devices.ts';

/** What came of a test encode. */
export interface EncoderTrial {
  name: string;
  works: boolean;
  /** Why not. */
  reason?: string | null;
}

/** What came of decoding that on a device. */
export interface DecoderTrial {
  /** Such as `nvdec`. */
  name: string;
  /** Codecs that came out the same as in software. */
  codecs: readonly string[];
  /** Codecs that came out differently. */
  differs: readonly string[];
}

export interface DeviceTrials {
  encoders: readonly EncoderTrial[];
  decoders: readonly DecoderTrial[];
}

export interface Verdict {
  /** Null when nobody knows. */
  works: boolean | null;
  /** Why not, without a full stop. */
  reason: string | null;
}

export interface DeviceChoice {
  /** Kinds worth a try, best first. */
  kinds: DeviceKind[];
  /** The encoder that needs no device; null when the job insists on one. */
  software: string | null;
  /** The one hardware encoder the job was asked to use; null when any will do. */
  asked: string | null;
  /** Why `asked` does not work here. */
  reason: string | null;
}

/**
 * Null when none of the encoders needs a device. `encoders` are in the order they are tried. One hardware encoder
 * among them was asked for by name, and is tried unless it is known not to work; of several only those that are
 * known to work are.
 */
export function chooseDevices(
  encoders: readonly string[],
  judge: (encoder: string, kind: DeviceKind) => Verdict,
): DeviceChoice | null {
  const hardware = encoders.flatMap((name) => {
    const kind = deviceKindOf(name);
    return kind === null ? [] : [{ name, kind, verdict: judge(name, kind) }];
  });
  const [first] = hardware;
  if (!first) return null;
  const software = encoders.find((name) => deviceKindOf(name) === null) ?? null;
  if (hardware.length > 1) {
    const kinds = hardware.filter(({ verdict }) => verdict.works === true).map(({ kind }) => kind);
    return { kinds, software, asked: null, reason: null };
  }
  const { works, reason } = first.verdict;
  return {
    kinds: works === false ? [] : [first.kind],
    software,
    asked: first.name,
    reason: works === false ? (reason ?? 'the test encode failed') : null,
  };
}

/** Judges by test encodes; null when there were none. */
export function judgeByTrials(
  trials: readonly EncoderTrial[] | null,
): (encoder: string, kind: DeviceKind) => Verdict {
  return (encoder, kind) => {
    const own = trials?.find(({ name }) => name === encoder);
    if (own) return { works: own.works, reason: plain(own.reason) };
    // An encoder that was not tried cannot work without its device.
    const same = trials?.filter(({ name }) => deviceKindOf(name) === kind) ?? [];
    const dead = same.length > 0 && same.every(({ works }) => !works);
    return dead ? { works: false, reason: plain(same[0]?.reason) } : { works: null, reason: null };
  };
}

/** Kinds that are trusted with decoding: what they decoded came out as in software, all of it. */
export function decodersByTrials(trials: readonly DecoderTrial[] | null): DeviceKind[] {
  return DEVICE_KINDS.filter((kind) =>
    trials?.some(
      ({ name, codecs, differs }) => name === decoderName(kind) && codecs.length > 0 && differs.length === 0,
    ),
  );
}

/** To be put into a sentence. */
function plain(reason: string | null | undefined): string | null {
  return reason?.replace(/[.\s]+$/, '') || null;
}
