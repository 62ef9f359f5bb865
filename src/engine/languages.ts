/**
 * Some languages have two codes in ISO 639-2, one for bibliographies and one for terminology. The language numbers
 * of QuickTime stand for one of them, and FFmpeg's muxer knows only that one: the other would be lost.
 */
const IN_QUICKTIME: Record<string, string> = {
  bod: 'tib',
  cym: 'wel',
  cze: 'ces',
  deu: 'ger',
  ell: 'gre',
  eus: 'baq',
  fas: 'per',
  fre: 'fra',
  hye: 'arm',
  isl: 'ice',
  kat: 'geo',
  mri: 'mao',
  msa: 'may',
  mya: 'bur',
  nld: 'dut',
  rum: 'ron',
  slo: 'slk',
  zho: 'chi',
};

/** The code of the same language that a container of this muxer can hold. */
export function languageFor(muxer: string, language: string): string {
  return muxer === 'mov' ? (IN_QUICKTIME[language] ?? language) : language;
}
