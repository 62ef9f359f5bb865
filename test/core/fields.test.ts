import { describe, expect, test } from 'vitest';
import {
  bitRate,
  bytes,
  codecOptions,
  inputPath,
  mediaTime,
  parseBitRate,
  parseBytes,
  parseTime,
  toSeconds,
  whole,
} from '../../src/core/fields.ts';

test.each([
  ['0', 0],
  ['1048576', 1_048_576],
  ['10MB', 10_000_000],
  ['10 mb', 10_000_000],
  ['10MiB', 10_485_760],
  ['1.5k', 1500],
  ['2T', 2e12],
  ['', null],
  ['10XB', null],
  ['-1', null],
  ['1e3', null],
  ['10 MB extra', null],
])('size %j is %j', (text, expected) => {
  expect(parseBytes(text)).toBe(expected);
});

test.each([
  ['2M', 2_000_000],
  ['128k', 128_000],
  ['128kbit/s', 128_000],
  ['2.5Mbps', 2_500_000],
  ['800000', 800_000],
  ['fast', null],
  ['-2M', null],
])('bit rate %j is %j', (text, expected) => {
  expect(parseBitRate(text)).toBe(expected);
});

test.each([
  ['62.5', { seconds: 62.5 }],
  ['62.5s', { seconds: 62.5 }],
  ['01:02.5', { seconds: 62.5 }],
  ['00:01:02.500', { seconds: 62.5 }],
  ['100:00:00', { seconds: 360_000 }],
  ['50%', { share: 0.5 }],
  ['101%', null],
  ['1:2:3:4', null],
  ['-1', null],
  ['soon', null],
])('time %j is %j', (text, expected) => {
  expect(parseTime(text)).toEqual(expected);
});

test('a share becomes seconds with the duration', () => {
  expect(toSeconds({ share: 0.25 }, 8)).toBe(2);
  expect(toSeconds({ seconds: 3 }, 8)).toBe(3);
});

describe('fields', () => {
  test('take numbers as well as text, and keep their range', () => {
    const size = bytes({ min: 10, max: 100 });
    expect(size.parse(10)).toBe(10);
    expect(size.parse('100')).toBe(100);
    expect(size.safeParse(9).error?.issues[0]?.message).toBe('must be from 10 to 100 bytes');
    expect(size.safeParse('1k').success).toBe(false);
    expect(size.safeParse(-5).success).toBe(false);
    expect(bitRate({ min: 1, max: 3e6 }).parse('2M')).toBe(2_000_000);
    expect(mediaTime().parse(1.5)).toEqual({ seconds: 1.5 });
    expect(whole({ min: 1, max: 3 }).safeParse(1.5).success).toBe(false);
  });

  test('carry their hints', () => {
    expect(bytes({ min: 1, max: 2 }, { title: 'Chunk' }).meta()).toMatchObject({
      unit: 'bytes',
      title: 'Chunk',
    });
    expect(inputPath().meta()).toMatchObject({ format: 'input-path' });
  });

  test('codec options are flat, or one level of settings for one library', () => {
    const options = codecOptions();
    expect(options.parse({ crf: 22, 'x265-params': { 'aq-mode': 3 } })).toEqual({
      crf: 22,
      'x265-params': { 'aq-mode': 3 },
    });
    expect(options.safeParse({ 'a b': 1 }).success).toBe(false);
    expect(options.safeParse({ a: { b: { c: 1 } } }).success).toBe(false);
    expect(options.safeParse({ a: null }).success).toBe(false);
  });
});
