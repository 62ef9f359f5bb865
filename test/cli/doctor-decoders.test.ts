import { expect, test } from 'vitest';
import { checkDecoders } from '../../src/cli/doctor/decoders.ts';

const nvdec = { name: 'nvdec', codecs: ['h264', 'hevc'], differs: [], reason: null };
const absent = { name: 'qsv', codecs: [], differs: [], reason: 'No vaapi device could be opened' };
const wrong = {
  name: 'vaapi',
  codecs: [],
  differs: ['hevc'],
  reason: 'hevc comes out differently than in software: picture 3 of 12 is not the same',
};

test('devices that decode are named, those that are not there are not', () => {
  expect(checkDecoders({ decoders: [nvdec, absent] })).toEqual({
    check: 'decoders',
    state: 'ok',
    detail: 'software; hardware: nvdec (h264, hevc)',
  });
  for (const decoders of [[absent], []])
    expect(checkDecoders({ decoders })).toMatchObject({ state: 'ok', detail: 'software; hardware: none' });
});

test('one that decodes wrongly is a warning that says what is wrong', () => {
  expect(checkDecoders({ decoders: [nvdec, wrong] })).toEqual({
    check: 'decoders',
    state: 'warning',
    detail: `software; hardware: nvdec (h264, hevc); vaapi is not used: ${wrong.reason}`,
  });
});
