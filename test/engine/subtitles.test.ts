import { describe, expect, it } from 'vitest';
import { readCue, type TextCodec, textHeader, writeCue } from '../../src/engine/subtitles.ts';

const ass = (text: string) => Buffer.from(`3,0,Default,,0,0,0,,${text}`);
const movText = (text: string) => {
  const data = Buffer.from(`\0\0${text}`);
  data.writeUInt16BE(data.length - 2);
  return data;
};

describe('reading', () => {
  const cases: [codec: string, data: Buffer, text: string][] = [
    ['subrip', Buffer.from('One\r\nTwo'), 'One\nTwo'],
    [
      'subrip',
      Buffer.from('{\\an8}<i>Up</i> <font color="red">red</font> <B>b</B>'),
      '<i>Up</i> red <b>b</b>',
    ],
    ['subrip', Buffer.from('1 < 2 > 0'), '1 < 2 > 0'],
    ['text', Buffer.from(' plain '), 'plain'],
    ['ass', ass('One\\NTwo, with a comma'), 'One\nTwo, with a comma'],
    ['ass', ass('{\\i1\\b1}both{\\i0\\b0} {\\pos(1,2)\\c&Hff&}x\\hy'), '<i><b>both</i></b> x y'],
    ['ass', ass('{\\b700}bold by weight'), 'bold by weight'],
    ['ssa', ass('{\\p1}m 0 0 l 10 10{\\p0}'), ''],
    [
      'webvtt',
      Buffer.from('<v Ann>Hi &amp; <c.loud>bye</c> <00:01.000>&lt;b&gt;<b.x>!</b>'),
      'Hi & bye <b><b>!</b>',
    ],
    ['webvtt', Buffer.from('non&nbsp;breaking&lrm;'), 'non breaking'],
    ['mov_text', movText('Grüße'), 'Grüße'],
    ['mov_text', Buffer.concat([movText('styled'), Buffer.from('\0\0\0\x08styl')]), 'styled'],
    ['mov_text', movText(''), ''],
    ['mov_text', Buffer.alloc(1), ''],
  ];
  it.each(cases)('%s %o', (codec, data, text) => expect(readCue(codec, data)).toBe(text));
});

describe('writing', () => {
  it('SubRip keeps its tags', () =>
    expect(writeCue('subrip', '<i>a</i> < b').toString()).toBe('<i>a</i> < b'));

  it('WebVTT escapes what is no tag, and has no empty lines', () =>
    expect(writeCue('webvtt', '<i>a</i> & <x>\n\nb').toString()).toBe('<i>a</i> &amp; &lt;x>\nb'));

  it('MP4 has plain text behind its length in bytes', () => {
    expect(writeCue('mov_text', '<b>Grüße</b>')).toEqual(movText('Grüße'));
    const long = writeCue('mov_text', 'x'.repeat(70_000));
    expect([long.length, long.readUInt16BE(0)]).toEqual([65_537, 65_535]);
  });

  it.each(['mov_text', 'subrip', 'webvtt'] as TextCodec[])('%s is read back', (codec) =>
    expect(readCue(codec, writeCue(codec, 'One\nTwo äöü €'))).toBe('One\nTwo äöü €'),
  );

  it('only MP4 and WebVTT have headers', () => {
    expect(textHeader('subrip')).toBeNull();
    expect(textHeader('webvtt')?.toString()).toBe('WEBVTT');
    expect(textHeader('mov_text')?.includes('Arial')).toBe(true);
  });
});
