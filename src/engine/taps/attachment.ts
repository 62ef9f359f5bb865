/** Cover art as an attached file: how Matroska keeps it. */
import { AVMEDIA_TYPE_ATTACHMENT } from 'node-av/constants';
import { Dictionary, type Packet, type Stream } from 'node-av/lib';
import type { AttachTrack } from '../../core/plan.ts';
import type { Muxer, MuxTrack } from '../muxer.ts';
import type { TrackWriter } from './writer.ts';

export class AttachmentWriter implements TrackWriter {
  readonly track: MuxTrack;
  readonly codec = 'copy';
  readonly frames = 0;
  readonly warnings: readonly string[] = [];
  readonly #muxer: Muxer;

  constructor(muxer: Muxer, source: Stream, plan: AttachTrack) {
    this.#muxer = muxer;
    this.track = muxer.addTrack();
    const { stream } = this.track;
    stream.codecpar.codecType = AVMEDIA_TYPE_ATTACHMENT;
    stream.codecpar.codecId = source.codecpar.codecId;
    const { title } = source.metadata?.getAll() ?? {};
    stream.metadata = Dictionary.fromObject({
      filename: plan.file,
      mimetype: plan.mime,
      ...(title !== undefined && { title }),
    });
  }

  /** Attached pictures are the first packets of a file; the header waits for this one. */
  packet(packet: Packet): void {
    if (this.track.ready) return;
    this.track.stream.codecpar.extradata = Buffer.from(packet.data ?? []);
    this.track.ready = true;
    this.#muxer.writeHeaderWhenReady();
  }

  [Symbol.dispose](): void {}
}
