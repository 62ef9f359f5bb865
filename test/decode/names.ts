/** Names of FFmpeg for numbers that the bindings give without names (ITU-T H.273). */

export const PRIMARIES: Record<number, string> = {
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
};

export const TRANSFERS: Record<number, string> = {
  1: 'bt709',
  4: 'bt470m',
  5: 'bt470bg',
  6: 'smpte170m',
  7: 'smpte240m',
  8: 'linear',
  13: 'iec61966-2-1',
  14: 'bt2020-10',
  15: 'bt2020-12',
  16: 'smpte2084',
  17: 'smpte428',
  18: 'arib-std-b67',
};

export const MATRICES: Record<number, string> = {
  0: 'gbr',
  1: 'bt709',
  4: 'fcc',
  5: 'bt470bg',
  6: 'smpte170m',
  7: 'smpte240m',
  8: 'ycgco',
  9: 'bt2020nc',
  10: 'bt2020c',
};

export const RANGES: Record<number, string> = { 1: 'tv', 2: 'pc' };

/** Bits of AVStream.disposition. */
export const DISPOSITIONS: Record<number, string> = {
  1: 'default',
  2: 'dub',
  4: 'original',
  8: 'comment',
  64: 'forced',
  128: 'hearing_impaired',
  256: 'visual_impaired',
  1024: 'attached_pic',
  65536: 'captions',
  131072: 'descriptions',
  262144: 'metadata',
};
