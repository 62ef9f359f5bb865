import { expect, test } from 'vitest';
import { nearest } from '../../src/core/nearest.ts';

const TASKS = ['get_video_info', 'get_audio_info', 'resize_to_720p'];

test.each([
  ['get_vidio_info', 'get_video_info'],
  ['GET_AUDIO_INFO', 'get_audio_info'],
  ['resize_720p', 'resize_to_720p'],
  ['mix_audio_tracks', null],
  ['', null],
])('%j means %j', (word, expected) => {
  expect(nearest(word, TASKS)).toBe(expected);
});

test('nothing is near nothing', () => {
  expect(nearest('a', [])).toBeNull();
});
