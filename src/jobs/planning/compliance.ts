/** Checks that a file keeps to its format. Each says what it found, whether it passed or not. */
import type { SourceFacts, StreamFacts } from '../../core/facts.ts';
import { plural } from '../../core/plural.ts';
import { extensionOf } from '../../core/registry.ts';
import { secondsText } from './describe.ts';
import { cuts, damage, nameOf, type Verdict, wrongKind } from './verdict.ts';

export interface ComplianceCheck {
  name: string;
  passed: boolean;
  detail: string;
}

interface Format {
  /** Beginning of FFmpeg's demuxer name. */
  demuxer: string;
  name: string;
  extensions: readonly string[];
  /** Codecs by FFmpeg's names; a trailing `*` stands for any ending; null takes all. */
  codecs: readonly string[] | null;
  /** Codecs of files whose extension promises more than the demuxer knows. */
  strict?: Record<string, readonly string[]>;
}

const MP4_CODECS = [
  'h264 hevc av1 vp9 vvc mpeg4 mpeg2video mpeg1video mjpeg png',
  'aac mp3 mp2 ac3 eac3 alac flac opus dts truehd mp4als amr_nb amr_wb',
  'mov_text webvtt ttml dvd_subtitle bin_data timed_id3',
].flatMap((codecs) => codecs.split(' '));

/** The formats that the engine opens, as far as their contents are defined. */
const FORMATS: readonly Format[] = [
  {
    demuxer: 'mov',
    name: 'MP4 or QuickTime',
    extensions: ['.mp4', '.m4v', '.m4a', '.m4b', '.mov', '.qt', '.3gp', '.3g2', '.mj2', '.heic', '.avif'],
    codecs: null,
    strict: {
      '.mp4': MP4_CODECS,
      '.m4v': MP4_CODECS,
      '.m4a': ['aac', 'alac', 'ac3', 'eac3', 'opus', 'flac', 'mjpeg', 'png', 'mov_text', 'bin_data'],
    },
  },
  {
    demuxer: 'matroska',
    name: 'Matroska or WebM',
    extensions: ['.mkv', '.mka', '.mks', '.webm', '.weba'],
    codecs: null,
    strict: {
      '.webm': ['vp8', 'vp9', 'av1', 'opus', 'vorbis', 'webvtt'],
      '.weba': ['opus', 'vorbis'],
    },
  },
  { demuxer: 'avi', name: 'AVI', extensions: ['.avi', '.divx'], codecs: null },
  {
    demuxer: 'mpegts',
    name: 'MPEG transport stream',
    extensions: ['.ts', '.m2ts', '.mts', '.m2t'],
    codecs: [
      'h264 hevc vvc av1 mpeg1video mpeg2video mpeg4 vc1 cavs dirac',
      'aac aac_latm mp1 mp2 mp3 ac3 eac3 ac4 dts truehd opus pcm_bluray s302m',
      'dvb_* hdmv_* scte_35 timed_id3 klv smpte_klv bin_data arib_caption epg',
    ].flatMap((codecs) => codecs.split(' ')),
  },
  {
    demuxer: 'flv',
    name: 'Flash video',
    extensions: ['.flv', '.f4v'],
    codecs:
      'h264 hevc av1 vp9 flv1 vp6f vp6a flashsv* aac mp3 opus ac3 eac3 flac speex nellymoser pcm_* adpcm_swf text'.split(
        ' ',
      ),
  },
  {
    demuxer: 'ogg',
    name: 'Ogg',
    extensions: ['.ogg', '.oga', '.ogv', '.opus', '.spx'],
    codecs: ['vorbis', 'opus', 'flac', 'speex', 'theora', 'dirac', 'vp8', 'celt', 'mjpeg', 'png'],
    strict: { '.opus': ['opus', 'mjpeg', 'png'], '.spx': ['speex'] },
  },
  { demuxer: 'mp3', name: 'MP3', extensions: ['.mp3'], codecs: ['mp3', 'mjpeg', 'png'] },
  { demuxer: 'flac', name: 'FLAC', extensions: ['.flac'], codecs: ['flac', 'mjpeg', 'png'] },
  {
    demuxer: 'wav',
    name: 'WAVE',
    extensions: ['.wav', '.wave', '.bwf', '.rf64'],
    codecs: ['pcm_*', 'adpcm_*', 'mp3', 'mp2', 'ac3', 'dts', 'aac', 'atrac3*', 'gsm_ms', 'truespeech'],
  },
  {
    demuxer: 'aiff',
    name: 'AIFF',
    extensions: ['.aiff', '.aif', '.aifc'],
    codecs: ['pcm_*', 'adpcm_ima_qt', 'mace*', 'qdm*', 'mjpeg', 'png'],
  },
  { demuxer: 'aac', name: 'ADTS', extensions: ['.aac'], codecs: ['aac'] },
  { demuxer: 'ac3', name: 'AC-3', extensions: ['.ac3'], codecs: ['ac3'] },
  { demuxer: 'eac3', name: 'E-AC-3', extensions: ['.eac3', '.ec3'], codecs: ['eac3'] },
  { demuxer: 'asf', name: 'ASF', extensions: ['.asf', '.wmv', '.wma'], codecs: null },
  { demuxer: 'mpeg', name: 'MPEG program stream', extensions: ['.mpg', '.mpeg', '.vob'], codecs: null },
];

/** How far the container's own duration may be from what was read, in seconds. */
const DURATION_TOLERANCE_S = 0.5;

export function complianceChecks(
  source: SourceFacts,
  verdict: Verdict,
  asked: 'video' | 'audio' | 'auto',
): ComplianceCheck[] {
  const format = FORMATS.find(({ demuxer }) => source.format.name.startsWith(demuxer)) ?? null;
  return [
    checkKind(source, asked),
    checkExtension(source, format),
    checkCodecs(source, format),
    checkIndex(verdict),
    checkTimestamps(verdict),
    checkDurations(source, verdict),
    sentences('complete', cuts(source, verdict), 'Nothing is missing at the end.'),
    sentences('decodes', damage(verdict), 'Every stream decodes from start to end.'),
  ];
}

function sentences(name: string, problems: string[], fine: string): ComplianceCheck {
  return { name, passed: problems.length === 0, detail: problems.length === 0 ? fine : problems.join(' ') };
}

function checkKind(source: SourceFacts, asked: 'video' | 'audio' | 'auto'): ComplianceCheck {
  const wrong = wrongKind(source, asked);
  return sentences('kind', wrong ? [wrong] : [], 'The file is what was asked for.');
}

/** Uploads need not have an extension, and one that nobody knows promises nothing. */
function checkExtension({ name, format }: SourceFacts, found: Format | null): ComplianceCheck {
  const extension = extensionOf(name);
  const promised = FORMATS.find(({ extensions }) => extensions.includes(extension));
  const fits = promised === undefined || promised === found;
  const is = found?.name ?? format.long_name;
  return {
    name: 'extension',
    passed: fits,
    detail: fits
      ? `${extension || 'A name without an extension'} goes with ${is}.`
      : `The name says ${promised.name}, and the file is ${is}.`,
  };
}

function checkCodecs({ name, streams }: SourceFacts, format: Format | null): ComplianceCheck {
  const allowed = format?.strict?.[extensionOf(name)] ?? format?.codecs ?? null;
  const foreign = streams.filter((stream) => stream.kind !== 'attachment' && !belongs(stream, allowed));
  const list = (some: StreamFacts[]) => some.map(({ codec }) => codec ?? 'unknown').join(', ');
  return {
    name: 'codecs',
    passed: foreign.length === 0,
    detail:
      foreign.length === 0
        ? `${list(streams)}: all belong into ${format?.name ?? 'the container'}.`
        : `${list(foreign)} ${foreign.length > 1 ? 'do' : 'does'} not belong into this file.`,
  };
}

function belongs({ kind, codec }: StreamFacts, allowed: readonly string[] | null): boolean {
  // Data tracks carry timecodes and the like, which have no codec.
  if (codec === null || codec === 'none') return kind === 'data';
  if (allowed === null) return true;
  return allowed.some((name) => (name.endsWith('*') ? codec.startsWith(name.slice(0, -1)) : name === codec));
}

function checkIndex({ index }: Verdict): ComplianceCheck {
  if (!index) return { name: 'index', passed: true, detail: 'The container needs none.' };
  const where = index.place === null ? '' : ` at the ${index.place === 'front' ? 'beginning' : 'end'}`;
  return {
    name: 'index',
    passed: index.present,
    detail: index.present
      ? `${index.name} is there${where}.`
      : `${index.name} is missing: players cannot seek.`,
  };
}

function checkTimestamps({ streams, jumps }: Verdict): ComplianceCheck {
  const falling = streams
    .filter(({ out_of_order }) => out_of_order > 0)
    .map((stream) => `${nameOf(stream)} has ${stream.out_of_order} decoding timestamps that do not rise.`);
  const wrong = jumps > 0 ? [`The clock jumps ${plural(jumps, 'time')}.`, ...falling] : falling;
  return sentences('timestamps', wrong, 'Decoding timestamps rise in every stream.');
}

/** Shorter streams are a matter of `complete`; here the container must not say less than there is, nor more. */
function checkDurations({ format }: SourceFacts, { found_s, missing_tail_s }: Verdict): ComplianceCheck {
  const { duration_s } = format;
  if (duration_s === null || GUESSED.test(format.name))
    return { name: 'durations', passed: true, detail: 'The container states no duration of its own.' };
  const passed = missing_tail_s === 0 && Math.abs(duration_s - found_s) <= DURATION_TOLERANCE_S;
  return {
    name: 'durations',
    passed,
    detail: `The container says ${secondsText(duration_s)}, and ${secondsText(found_s)} were read.`,
  };
}

/** Demuxers that work the duration out from bit rate or timestamps. */
const GUESSED = /^(mp3|aac|ac3|eac3|mpegts|mpeg$|ogg|amr|dts)/;
