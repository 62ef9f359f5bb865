/** Packets of a stream as they are, into an output. */
import { AV_PKT_FLAG_DISCARD, AVMEDIA_TYPE_AUDIO } from 'node-av/constants';
import { Dictionary, type Packet, type Stream } from 'node-av/lib';
import type { CopyTrack } from '../../core/plan.ts';
import { hasTime, must } from '../ffmpeg.ts';
import type { Muxer, MuxTrack } from '../muxer.ts';
import { withTitle } from '../track-title.ts';
import type { TrackWriter } from './writer.ts';

/** Copies parameters, tags and disposition; the caller may change what its work changes. */
export function describeTrack(from: Stream, to: Stream): void {
  const tags = from.metadata?.getAll() ?? {};
  // Sizes and rates that Matroska keeps as tags would lie about the new file.
  const kept = Object.entries(tags).filter(
    ([key]) => !/^(BPS|DURATION|NUMBER_OF_|_STATISTICS|encoder$|vendor_id$)/.test(key),
  );
  if (kept.length > 0) to.metadata = Dictionary.fromObject(withTitle(Object.fromEntries(kept)));
  to.disposition = from.disposition;
  to.timeBase = from.timeBase;
}

/** Encoders begin with at most so much that is not to be heard: 80 ms for Opus, about as much for HE-AAC. */
const MAX_PRIMING_S = 0.125;

export class CopyWriter implements TrackWriter {
  readonly track: MuxTrack;
  readonly codec = 'copy';
  readonly frames = 0;
  readonly warnings: readonly string[] = [];
  readonly #muxer: Muxer;
  readonly #source: Stream;
  readonly #shift: bigint;
  /** Sound before the cut of an edit list is left out. */
  readonly #leavesOutHidden: boolean;

  /** `shift` in ticks of the source stream is taken from every timestamp, so that the output begins at 0:00. */
  constructor(muxer: Muxer, source: Stream, plan: CopyTrack, shift: bigint) {
    this.#muxer = muxer;
    this.#source = source;
    this.#shift = shift;
    this.track = muxer.addTrack();
    const { stream } = this.track;
    describeTrack(source, stream);
    must(source.codecpar.copy(stream.codecpar), 'copy the parameters of the stream');
    stream.codecpar.codecTag = plan.tag ?? 0;
    this.#leavesOutHidden = !muxer.hasSampleTable && hasHiddenStart(source);
    if (this.#leavesOutHidden) {
      // The packet in which the cut lies is kept.
      const { initialPadding, frameSize } = source.codecpar;
      stream.codecpar.initialPadding = frameSize > 0 ? initialPadding % frameSize : 0;
    }
    stream.avgFrameRate = source.avgFrameRate;
    stream.sampleAspectRatio = source.sampleAspectRatio;
    this.track.ready = true;
    muxer.writeHeaderWhenReady();
  }

  packet(packet: Packet): void {
    if (this.#leavesOutHidden && packet.hasFlags(AV_PKT_FLAG_DISCARD)) return;
    const copy = packet.clone();
    if (!copy) return;
    try {
      if (hasTime(copy.pts)) copy.pts -= this.#shift;
      if (hasTime(copy.dts)) copy.dts -= this.#shift;
      this.#muxer.write(this.track, copy, this.#source.timeBase);
    } finally {
      copy.free();
    }
  }

  [Symbol.dispose](): void {}
}

/**
 * The sound begins before the first moment that is to be heard, and by more than any encoder's priming: a film
 * that was cut by its edit list alone, as telephones do. Only MP4 and MOV can say so; of other containers players
 * would play it all.
 */
function hasHiddenStart({ codecpar }: Stream): boolean {
  return (
    codecpar.codecType === AVMEDIA_TYPE_AUDIO && codecpar.initialPadding > MAX_PRIMING_S * codecpar.sampleRate
  );
}
