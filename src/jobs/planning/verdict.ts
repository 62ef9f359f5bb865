/** What a full decode shows, as sentences for people and as checks for machines. */
import { mainAudio, mainVideo, type SourceFacts } from '../../core/facts.ts';
import type { OutputResult, StreamVerdict } from '../../core/plan.ts';
import { secondsText } from './describe.ts';

export type Verdict = Extract<OutputResult, { kind: 'verify' }>;

export function verdictOf(results: OutputResult[]): Verdict {
  const [made] = results;
  if (made?.kind !== 'verify') throw new TypeError('The plan verified nothing.');
  return made;
}

/** A film is a video, sound alone (with or without a cover) is audio; a picture is neither. */
export function kindOf(source: SourceFacts): 'video' | 'audio' | null {
  if (mainVideo(source)) return 'video';
  return mainAudio(source) ? 'audio' : null;
}

/** Null when the file is what was asked for. */
export function wrongKind(source: SourceFacts, asked: 'video' | 'audio' | 'auto'): string | null {
  const kind = kindOf(source);
  if (kind === null) return 'The file holds neither video nor sound.';
  if (asked === 'auto' || asked === kind) return null;
  return asked === 'video' ? 'The file has no video; it is sound.' : 'The file is a video, not sound alone.';
}

/** What is wrong with the packets and frames of the streams. */
export function damage({ streams }: Verdict): string[] {
  return streams.flatMap((stream) => {
    const name = nameOf(stream);
    const found: string[] = [];
    if (isSeenOrHeard(stream) && !stream.decoded)
      found.push(`${name} has a codec that cannot be decoded here.`);
    else if (isSeenOrHeard(stream) && stream.frames === 0) found.push(`${name} gave no frames.`);
    if (stream.errors > 0) {
      const at =
        stream.first_error_at_s === null ? '' : `, the first at ${secondsText(stream.first_error_at_s)}`;
      found.push(`${name} has ${stream.errors} damaged packets or frames${at}.`);
    }
    if (stream.holes_s > 0)
      found.push(
        `${name} has holes: ${secondsText(stream.holes_s)} are missing, the first at ${secondsText(stream.first_hole_at_s)}.`,
      );
    return found;
  });
}

/** What is missing at the end of the file. */
export function cuts(source: SourceFacts, verdict: Verdict): string[] {
  const found = verdict.streams
    .filter((stream) => stream.missing_tail_s > 0)
    .map((stream) => `${nameOf(stream)} breaks off: ${secondsText(stream.missing_tail_s)} are missing.`);
  const { announced_bytes, open_end, missing_tail_s } = verdict;
  if (missing_tail_s > 0 && found.length === 0)
    found.push(`The file breaks off: ${secondsText(missing_tail_s)} of the announced length are missing.`);
  if (announced_bytes !== null && announced_bytes > source.size_bytes)
    found.push(`The file announces ${announced_bytes} bytes and has ${source.size_bytes}.`);
  if (open_end !== null) found.push(`The file may have been cut short: ${open_end}.`);
  return found;
}

export function nameOf({ index, kind, codec }: StreamVerdict): string {
  return `${kind[0]?.toUpperCase()}${kind.slice(1)} stream ${index} (${codec ?? 'unknown codec'})`;
}

function isSeenOrHeard({ kind }: StreamVerdict): boolean {
  return kind === 'video' || kind === 'audio';
}
