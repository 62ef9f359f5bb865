/** Packets of a file, for "copied bit for bit" and for timestamps as the container tells them. */
import { createHash } from 'node:crypto';
import { AV_NOPTS_VALUE, AVERROR_EOF } from 'node-av/constants';
import { avGetCodecName, Packet } from 'node-av/lib';
import { breathe, check, found } from './native.ts';
import { kindOf, openSource, type StreamKind } from './source.ts';
import type { Fraction } from './video.ts';

export interface PacketInfo {
  /** Null when the container gives none. */
  pts: bigint | null;
  dts: bigint | null;
  duration: bigint;
  /** Seconds; null when there is no pts. */
  time_s: number | null;
  size: number;
  key: boolean;
  /** MD5 of the data, hex. */
  md5: string;
}

export interface StreamPackets {
  index: number;
  kind: StreamKind;
  codec: string;
  timeBase: Fraction;
  packets: PacketInfo[];
  bytes: number;
  /** MD5 of the data of all packets, one after the other. Equal means: copied bit for bit. */
  md5: string;
}

export async function packets(path: string): Promise<StreamPackets[]> {
  const source = openSource(path);
  const packet = new Packet();
  packet.alloc();
  try {
    const hashes = source.streams.map(() => createHash('md5'));
    const result: StreamPackets[] = source.streams.map((stream) => ({
      index: stream.index,
      kind: kindOf(stream),
      codec: avGetCodecName(stream.codecpar.codecId) ?? '?',
      timeBase: { num: stream.timeBase.num, den: stream.timeBase.den },
      packets: [],
      bytes: 0,
      md5: '',
    }));
    for (let n = 0; ; n++) {
      const code = source.format.readFrameSync(packet);
      if (code === AVERROR_EOF) break;
      check(code, `reading ${path}`);
      const stream = found(result[packet.streamIndex], `stream ${packet.streamIndex}`);
      const data = packet.data ?? Buffer.alloc(0);
      hashes[packet.streamIndex]?.update(data);
      stream.packets.push(describe(packet, data, stream.timeBase));
      stream.bytes += data.length;
      packet.unref();
      if (n % 64 === 0) await breathe();
    }
    for (const [i, hash] of hashes.entries()) found(result[i], 'a stream').md5 = hash.digest('hex');
    return result;
  } finally {
    packet.free();
    source.close();
  }
}

function describe(packet: Packet, data: Buffer, { num, den }: Fraction): PacketInfo {
  const known = (value: bigint) => (value === AV_NOPTS_VALUE ? null : value);
  const pts = known(packet.pts);
  return {
    pts,
    dts: known(packet.dts),
    duration: packet.duration,
    time_s: pts === null ? null : (Number(pts) * num) / den,
    size: data.length,
    key: packet.isKeyframe,
    md5: createHash('md5').update(data).digest('hex'),
  };
}
