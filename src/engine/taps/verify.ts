/** Takes everything of every stream and keeps nothing: what matters is what decoding shows. */
import { AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import { Codec, type Stream } from 'node-av/lib';
import type { OutputResult } from '../../core/plan.ts';
import { isRefusedDecoder } from '../source.ts';
import type { Appetite, Tap } from './tap.ts';

export class VerifyTap implements Tap {
  readonly wants: ReadonlyMap<number, Appetite>;

  constructor(streams: readonly Stream[]) {
    this.wants = new Map(streams.map((stream) => [stream.index, canDecode(stream) ? 'frames' : 'packets']));
  }

  finish(): Promise<OutputResult> {
    return Promise.reject(new TypeError('A verification is judged from the readings.'));
  }

  [Symbol.dispose](): void {}
}

/** Subtitles are not decoded: their packets are all there is to see. */
function canDecode({ codecpar }: Stream): boolean {
  if (codecpar.codecType !== AVMEDIA_TYPE_AUDIO && codecpar.codecType !== AVMEDIA_TYPE_VIDEO) return false;
  const decoder = Codec.findDecoder(codecpar.codecId);
  return decoder !== null && !isRefusedDecoder(decoder);
}
