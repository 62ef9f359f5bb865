/** The first frame of a stream: a watermark's picture, or the shape of a sound before it is mixed. */
import { type Frame, Packet } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { StreamDecoder } from './decoder.ts';
import { again } from './ffmpeg.ts';
import { openSource } from './source.ts';

/** The caller frees it. Throws `corrupt_media` when nothing can be decoded. */
export async function firstFrame(path: string, streamIndex: number): Promise<Frame> {
  using source = await openSource(path);
  const stream = source.format.streams[streamIndex];
  if (!stream) throw new TypeError(`There is no stream ${streamIndex}.`);
  using decoder = new StreamDecoder(stream, { threads: 1 });
  const packet = new Packet();
  packet.alloc();
  let first: Frame | null = null;
  const keep = (frame: Frame) => {
    first ??= frame.clone();
  };
  try {
    while (first === null) {
      const read = source.read(packet);
      if (again(read)) continue;
      if (read < 0) {
        decoder.decode(null, keep);
        break;
      }
      if (packet.streamIndex === streamIndex) decoder.decode(packet, keep);
      packet.unref();
    }
  } finally {
    packet.free();
  }
  if (first === null)
    throw new MillError('corrupt_media', 'Nothing could be decoded from one of the inputs.');
  return first;
}
