/** FFmpeg's names for numbers the binding gives no names for (`av_color_*_name`, `AVFieldOrder`, dispositions). */
import { Codec } from 'node-av/lib';

const COLOR_PRIMARIES: Record<number, string> = {
  1: 'bt709',
  4: 'bt470m',
  5: 'bt470bg',
  6: 'smpte170m',
  7: 'smpte240m',
  8: 'film',
  9: 'bt2020',
  10: 'smpte428',
  11: 'smpte431',
  12: 'smpte432',
  22: 'ebu3213',
};

const COLOR_TRANSFER: Record<number, string> = {
  1: 'bt709',
  4: 'bt470m',
  5: 'bt470bg',
  6: 'smpte170m',
  7: 'smpte240m',
  8: 'linear',
  9: 'log100',
  10: 'log316',
  11: 'iec61966-2-4',
  12: 'bt1361e',
  13: 'iec61966-2-1',
  14: 'bt2020-10',
  15: 'bt2020-12',
  16: 'smpte2084',
  17: 'smpte428',
  18: 'arib-std-b67',
};

const COLOR_SPACE: Record<number, string> = {
  0: 'gbr',
  1: 'bt709',
  4: 'fcc',
  5: 'bt470bg',
  6: 'smpte170m',
  7: 'smpte240m',
  8: 'ycgco',
  9: 'bt2020nc',
  10: 'bt2020c',
  11: 'smpte2085',
  12: 'chroma-derived-nc',
  13: 'chroma-derived-c',
  14: 'ictcp',
};

const COLOR_RANGE: Record<number, string> = { 1: 'tv', 2: 'pc' };
const CHROMA_LOCATION: Record<number, string> = {
  1: 'left',
  2: 'center',
  3: 'topleft',
  4: 'top',
  5: 'bottomleft',
  6: 'bottom',
};
const FIELD_ORDER: Record<number, string> = { 1: 'progressive', 2: 'tt', 3: 'bb', 4: 'tb', 5: 'bt' };

const DISPOSITIONS: [number, string][] = [
  [0x1, 'default'],
  [0x2, 'dub'],
  [0x4, 'original'],
  [0x8, 'comment'],
  [0x10, 'lyrics'],
  [0x20, 'karaoke'],
  [0x40, 'forced'],
  [0x80, 'hearing_impaired'],
  [0x100, 'visual_impaired'],
  [0x200, 'clean_effects'],
  [0x400, 'attached_pic'],
  [0x800, 'timed_thumbnails'],
  [0x1000, 'non_diegetic'],
  [0x10000, 'captions'],
  [0x20000, 'descriptions'],
  [0x40000, 'metadata'],
  [0x80000, 'dependent'],
  [0x100000, 'still_image'],
];

const named = (table: Record<number, string>) => (value: number) => table[value] ?? null;

export const colorPrimariesName = named(COLOR_PRIMARIES);
export const colorTransferName = named(COLOR_TRANSFER);
export const colorSpaceName = named(COLOR_SPACE);
export const colorRangeName = named(COLOR_RANGE);
export const chromaLocationName = named(CHROMA_LOCATION);
export const fieldOrderName = named(FIELD_ORDER);

export function dispositionNames(bits: number): string[] {
  return DISPOSITIONS.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
}

const profiles = new Map<number, Map<number, string>>();

/** Wrapped decoders (libdav1d) know no profile names; any decoder of the same codec may. -99 is AV_PROFILE_UNKNOWN. */
export function profileName(codecId: number, profile: number): string | null {
  let names = profiles.get(codecId);
  if (!names) {
    const known = Codec.getCodecList()
      .filter((codec) => codec.id === codecId)
      .flatMap((codec) => codec.profiles ?? []);
    names = new Map(known.flatMap(({ profile, name }) => (name ? [[profile, name]] : [])));
    profiles.set(codecId, names);
  }
  return names.get(profile) ?? null;
}

/** Bits per component of a pixel format, from its name: `yuv420p10le` → 10, `p010le` → 10, `yuv420p` → 8. */
export function bitDepthOf(pixelFormat: string | null): number | null {
  if (!pixelFormat) return null;
  const planar =
    /p(9|1[0-6])(?:le|be)?$/.exec(pixelFormat) ??
    /^[pxy][0-9]?(?:v)?[024]?(10|12|16)(?:le|be)?$/.exec(pixelFormat);
  if (planar) return Number(planar[1]);
  const packed = /^(?:gray|ya|rgb|bgr|rgba|bgra|gbrp|gbrap)(9|1[0-6]|48|64)(?:le|be)?$/.exec(pixelFormat);
  if (packed) return Number(packed[1]) > 16 ? 16 : Number(packed[1]);
  return 8;
}
