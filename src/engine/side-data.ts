/** Coded side data of a stream, decoded where a person or a plan needs what is inside (libavutil's structs). */
import {
  AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
  AV_PKT_DATA_DISPLAYMATRIX,
  AV_PKT_DATA_DOVI_CONF,
  AV_PKT_DATA_DYNAMIC_HDR10_PLUS,
  AV_PKT_DATA_ICC_PROFILE,
  AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
  AV_PKT_DATA_REPLAYGAIN,
  AV_PKT_DATA_SPHERICAL,
  AV_PKT_DATA_STEREO3D,
} from 'node-av/constants';
import type { SideDataFacts } from '../core/facts.ts';

export interface CodedSideData {
  type: number;
  data: Buffer;
}

const NAMES: Record<number, string> = {
  [AV_PKT_DATA_DISPLAYMATRIX]: 'display_matrix',
  [AV_PKT_DATA_MASTERING_DISPLAY_METADATA]: 'mastering_display_metadata',
  [AV_PKT_DATA_CONTENT_LIGHT_LEVEL]: 'content_light_level',
  [AV_PKT_DATA_DOVI_CONF]: 'dovi_configuration',
  [AV_PKT_DATA_DYNAMIC_HDR10_PLUS]: 'dynamic_hdr10_plus',
  [AV_PKT_DATA_ICC_PROFILE]: 'icc_profile',
  [AV_PKT_DATA_REPLAYGAIN]: 'replaygain',
  [AV_PKT_DATA_SPHERICAL]: 'spherical',
  [AV_PKT_DATA_STEREO3D]: 'stereo3d',
};

/** Entries that only steer FFmpeg itself and mean nothing to a reader. */
const UNNAMED = 'side_data';

export function describeSideData(entries: CodedSideData[]): SideDataFacts[] {
  return entries.map(({ type, data }) => ({
    type: NAMES[type] ?? `${UNNAMED}_${type}`,
    size_bytes: data.length,
    ...decode(type, data),
  }));
}

function decode(type: number, data: Buffer): Record<string, unknown> {
  if (type === AV_PKT_DATA_DISPLAYMATRIX && data.length >= 36) {
    const { rotation, flipped } = displayTransform(data);
    // ffprobe's sign: counter-clockwise is positive.
    return { rotation: rotation > 180 ? 360 - rotation : rotation === 0 ? 0 : -rotation, flipped };
  }
  if (type === AV_PKT_DATA_MASTERING_DISPLAY_METADATA && data.length >= 88) return masteringDisplay(data);
  if (type === AV_PKT_DATA_CONTENT_LIGHT_LEVEL && data.length >= 8) {
    return { max_content: data.readUInt32LE(0), max_average: data.readUInt32LE(4) };
  }
  if (type === AV_PKT_DATA_DOVI_CONF && data.length >= 8) {
    return {
      dv_profile: data[2],
      dv_level: data[3],
      rpu_present: data[4] === 1,
      el_present: data[5] === 1,
      bl_present: data[6] === 1,
    };
  }
  return {};
}

/**
 * What a display does with the decoded picture: mirror it if `flipped`, then turn it clockwise by `rotation`.
 * The matrix (ISO 14496-12 §8.2.2.3) is 3×3 of 16.16 fixed point, row-vector convention.
 */
export function displayTransform(matrix: Buffer): { rotation: 0 | 90 | 180 | 270; flipped: boolean } {
  const a = matrix.readInt32LE(0);
  const b = matrix.readInt32LE(4);
  const c = matrix.readInt32LE(12);
  const d = matrix.readInt32LE(16);
  const flipped = a * d - b * c < 0;
  // Undo the mirror (x → −x happens first), then read the angle of the image of the x axis.
  const angle = (Math.atan2(flipped ? -b : b, flipped ? -a : a) * 180) / Math.PI;
  const turned = (((Math.round(angle / 90) * 90) % 360) + 360) % 360;
  return { rotation: turned as 0 | 90 | 180 | 270, flipped };
}

/** AVMasteringDisplayMetadata: display_primaries[3][2], white_point[2], min, max luminance as AVRational, two flags. */
function masteringDisplay(data: Buffer): Record<string, unknown> {
  const rational = (index: number) => {
    const den = data.readInt32LE(index * 8 + 4);
    return den === 0 ? 0 : data.readInt32LE(index * 8) / den;
  };
  return {
    ...(data.readInt32LE(80) !== 0 && {
      red: [rational(0), rational(1)],
      green: [rational(2), rational(3)],
      blue: [rational(4), rational(5)],
      white_point: [rational(6), rational(7)],
    }),
    ...(data.readInt32LE(84) !== 0 && { min_luminance: rational(8), max_luminance: rational(9) }),
  };
}
