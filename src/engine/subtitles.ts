/**
 * Subtitles of text from one format into another, cue by cue. What is in between is SubRip's markup: plain text with
 * `<i>`, `<b>` and `<u>`. Fonts, colours and places are left out, as are drawings of ASS.
 */

/** FFmpeg's names of the formats that are written. */
export type TextCodec = 'mov_text' | 'subrip' | 'webvtt';

/** Sizes of MP4's text samples are told in 16 bits. */
const MAX_SAMPLE_BYTES = 65_535;
/** Commas before the text of an ASS event as Matroska and FFmpeg have it: ReadOrder, Layer, Style, … Effect. */
const ASS_FIELDS = 8;

/**
 * Sample description of MP4's timed text (3GPP TS 26.245, 5.16), without the first 16 bytes of the box: white Arial of
 * 18 points, centred at the bottom.
 */
const MOV_TEXT_HEADER = Buffer.from(
  [
    '00000000', // no scrolling
    '01ff', // centre, bottom
    '00000000', // background: none
    '0000000000000000', // box: all of the track
    '000000000001', // characters 0 to 0 in font 1
    '0012ffffffff', // plain, 18 points, white
    '00000012667461620001000105417269616c', // font table: 1 is Arial
  ].join(''),
  'hex',
);

/** What the container wants to know of all cues. */
export function textHeader(codec: TextCodec): Buffer | null {
  if (codec === 'mov_text') return MOV_TEXT_HEADER;
  return codec === 'webvtt' ? Buffer.from('WEBVTT') : null;
}

/** The text of one packet; empty when there is nothing to show. */
export function readCue(codec: string, data: Buffer): string {
  switch (codec) {
    case 'mov_text':
      return data.length < 2 ? '' : data.toString('utf8', 2, 2 + data.readUInt16BE(0));
    case 'ass':
    case 'ssa':
      return fromAss(data.toString('utf8'));
    case 'webvtt':
      return fromWebVtt(data.toString('utf8'));
    default:
      return onlyKnownTags(data.toString('utf8').replace(/\{\\[^}]*\}/g, '')).trim();
  }
}

/** One packet of `codec`. */
export function writeCue(codec: TextCodec, text: string): Buffer {
  if (codec === 'subrip') return Buffer.from(text);
  if (codec === 'webvtt') {
    return Buffer.from(
      text
        .replace(/&/g, '&amp;')
        .replace(/<(?!\/?[ibu]>)/g, '&lt;')
        .replace(/\n{2,}/g, '\n'),
    );
  }
  const plain = Buffer.from(text.replace(/<\/?[ibu]>/g, ''));
  const kept = plain.subarray(0, MAX_SAMPLE_BYTES);
  const sample = Buffer.alloc(2 + kept.length);
  sample.writeUInt16BE(kept.length);
  kept.copy(sample, 2);
  return sample;
}

function onlyKnownTags(text: string): string {
  return text.replace(/\r/g, '').replace(/<(\/?)([a-z]+)[^>]*>/gi, (_, close: string, name: string) => {
    const known = name.toLowerCase();
    return /^[ibu]$/.test(known) ? `<${close}${known}>` : '';
  });
}

function fromAss(event: string): string {
  const text = event.split(',').slice(ASS_FIELDS).join(',');
  // A drawing is not text.
  if (/\{[^}]*\\p[1-9][^}]*\}/.test(text)) return '';
  return text
    .replace(/\{([^}]*)\}/g, (_, codes: string) =>
      [...codes.matchAll(/\\([ibu])([01])(?![0-9])/g)]
        .map(([, name, on]) => (on === '1' ? `<${name}>` : `</${name}>`))
        .join(''),
    )
    .replace(/\\[Nn]/g, '\n')
    .replace(/\\h/g, ' ')
    .trim();
}

const ENTITIES: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&nbsp;': ' ',
  '&lrm;': '',
  '&rlm;': '',
  '&amp;': '&',
};

function fromWebVtt(cue: string): string {
  // Voices, classes, languages and times inside a cue.
  const plain = onlyKnownTags(cue.replace(/<\d[\d:.]*>/g, '').replace(/<(\/?)([ibu])\.[^>]*>/g, '<$1$2>'));
  return plain.replace(/&(?:lt|gt|nbsp|lrm|rlm|amp);/g, (entity) => ENTITIES[entity] ?? '').trim();
}
