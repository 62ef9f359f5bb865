import { AV_CHANNEL_ORDER_UNSPEC, AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_FLTP } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import { expect, test } from 'vitest';
import { HoleFiller } from '../../src/engine/taps/holes.ts';

const RATE = 48_000;

function sound(channels: number, pts: bigint): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.format = AV_SAMPLE_FMT_FLTP;
  frame.sampleRate = RATE;
  frame.channelLayout = { nbChannels: channels, order: AV_CHANNEL_ORDER_UNSPEC, mask: 0n };
  frame.nbSamples = 1024;
  expect(frame.getBuffer()).toBe(0);
  frame.pts = pts;
  return frame;
}

// A damaged AAC stream announces 51 channels; more than eight planes crashed the process.
test.each([2, 8, 9, 51])('a hole before %i channels is filled with silence of as many', (channels) => {
  const filler = new HoleFiller({ num: 1, den: RATE });
  const seen: { pts: number; samples: number; channels: number; format: unknown }[] = [];
  for (const pts of [0n, BigInt(RATE)]) {
    const frame = sound(channels, pts);
    filler.fill(frame, (one) => {
      seen.push({
        pts: Number(one.pts),
        samples: one.nbSamples,
        channels: one.channels,
        format: one.format,
      });
    });
    frame.free();
  }
  expect(seen.at(0)?.pts).toBe(0);
  expect(seen.at(-1)?.pts).toBe(RATE);
  const silence = seen.slice(1, -1);
  expect(silence.reduce((sum, { samples }) => sum + samples, 0)).toBe(RATE - 1024);
  expect(silence[0]?.pts).toBe(1024);
  const format = channels > 8 ? AV_SAMPLE_FMT_FLT : AV_SAMPLE_FMT_FLTP;
  expect(new Set(silence.map((one) => `${one.channels} ${one.format}`))).toEqual(
    new Set([`${channels} ${format}`]),
  );
  expect(filler.filled_s).toBeCloseTo((RATE - 1024) / RATE, 6);
});
