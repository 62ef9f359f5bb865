/** A subtitle of text in the format that the output's container can hold. */
import {
  AV_CODEC_ID_MOV_TEXT,
  AV_CODEC_ID_SUBRIP,
  AV_CODEC_ID_WEBVTT,
  AVMEDIA_TYPE_SUBTITLE,
} from 'node-av/constants';
import { avGetCodecName, Packet, type Stream } from 'node-av/lib';
import type { TextTrack } from '../../core/plan.ts';
import { hasTime } from '../ffmpeg.ts';
import type { Muxer, MuxTrack } from '../muxer.ts';
import { readCue, type TextCodec, textHeader, writeCue } from '../subtitles.ts';
import { describeTrack } from './copy-track.ts';
import type { TrackWriter } from './writer.ts';

const CODEC_IDS = {
  mov_text: AV_CODEC_ID_MOV_TEXT,
  subrip: AV_CODEC_ID_SUBRIP,
  webvtt: AV_CODEC_ID_WEBVTT,
} satisfies Record<TextCodec, number>;

export class TextWriter implements TrackWriter {
  readonly track: MuxTrack;
  readonly codec: TextCodec;
  readonly frames = 0;
  readonly warnings: string[];
  readonly #muxer: Muxer;
  readonly #source: Stream;
  readonly #from: string;
  readonly #shift: bigint;
  readonly #cue = new Packet();

  constructor(muxer: Muxer, source: Stream, plan: TextTrack, shift: bigint) {
    this.#muxer = muxer;
    this.#source = source;
    this.#shift = shift;
    this.#from = avGetCodecName(source.codecpar.codecId) ?? '';
    this.codec = plan.codec;
    this.warnings = [
      `Stream ${plan.stream}: the subtitles were rewritten from ${this.#from} to ${plan.codec}; colours, fonts and places of the text are not kept.`,
    ];
    this.#cue.alloc();
    this.track = muxer.addTrack();
    const { stream } = this.track;
    describeTrack(source, stream);
    stream.codecpar.codecType = AVMEDIA_TYPE_SUBTITLE;
    stream.codecpar.codecId = CODEC_IDS[plan.codec];
    stream.codecpar.extradata = textHeader(plan.codec);
    this.track.ready = true;
    muxer.writeHeaderWhenReady();
  }

  packet(packet: Packet): void {
    const text = readCue(this.#from, packet.data ?? Buffer.alloc(0));
    // MP4 fills the time between cues with empty ones.
    if (text === '' || !hasTime(packet.pts)) return;
    const cue = this.#cue;
    cue.data = writeCue(this.codec, text);
    cue.pts = packet.pts - this.#shift;
    cue.dts = cue.pts;
    cue.duration = packet.duration;
    cue.isKeyframe = true;
    this.#muxer.write(this.track, cue, this.#source.timeBase);
    cue.unref();
  }

  [Symbol.dispose](): void {
    this.#cue.free();
  }
}
