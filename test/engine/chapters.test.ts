/** Chapters survive a round trip through every container, and nothing else in the file changes. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AV_LOG_FATAL } from 'node-av/constants';
import { Log } from 'node-av/lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChapterFacts } from '../../src/core/facts.ts';
import { canHoldChapters, chapterTags, writeChapters } from '../../src/engine/chapters/index.ts';
import {
  type Box,
  box,
  boxSize,
  find,
  parent,
  parseBoxes,
  serialize,
  u32,
} from '../../src/engine/chapters/mp4/boxes.ts';
import { addChapters, movieOf } from '../../src/engine/chapters/mp4/movie.ts';
import { overflows, shift, widen } from '../../src/engine/chapters/mp4/offsets.ts';
import { makeMedia, oracle, packets, probed, read } from './chapters-media.ts';

const FAST_START = { movflags: '+faststart' };
const CHAPTERS: ChapterFacts[] = [
  chapter(0, 1.5, 'Intro: ünïcode = 日本 🎬; #1'),
  chapter(1.5, 3.25, 'Two: a\nb\n\nd'),
  chapter(3.25, 4.75, '    Chapter #0:9: start 1.000000, end 2.000000'),
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chapters-'));
  Log.setLevel(AV_LOG_FATAL);
});
afterAll(() => rm(folder, { recursive: true }));

test('a second opinion is there in CI', () => {
  expect(oracle || !process.env.CI).toBe(true);
});

describe.each([
  ['end.mp4', {}],
  ['start.mp4', FAST_START],
  ['end.mov', {}],
  ['start.mov', FAST_START],
  ['audio.m4a', FAST_START],
  ['video.mkv', {}],
  ['video.webm', {}],
  ['audio.mka', {}],
  ['audio.mp3', {}],
])('%s', (name, options) => {
  const file = () => join(folder, name);

  test('keeps chapters and packets', async () => {
    makeMedia(file(), options);
    expect(await read(file())).toEqual([]);
    const before = packets(file());
    expect(await writeChapters(file(), CHAPTERS)).toBe(true);
    await expectChapters(file(), CHAPTERS);
    expect(packets(file())).toBe(before);
  });

  test('replaces the chapters it has', async () => {
    makeMedia(file(), options);
    const before = packets(file());
    expect(await writeChapters(file(), numbered(200))).toBe(true);
    await expectChapters(file(), numbered(200), { secondOpinion: false });
    const { size } = await stat(file());
    expect(await writeChapters(file(), CHAPTERS)).toBe(true);
    await expectChapters(file(), CHAPTERS, { secondOpinion: false });
    expect(await writeChapters(file(), numbered(20))).toBe(true);
    await expectChapters(file(), numbered(20));
    // MP4 and ID3 use the room again; Matroska appends.
    if (!/mk|webm/.test(name)) expect((await stat(file())).size).toBe(size);
    expect(packets(file())).toBe(before);
  });

  test('leaves the file alone without chapters', async () => {
    makeMedia(file(), options);
    const before = await readFile(file());
    expect(await writeChapters(file(), [])).toBe(true);
    expect((await readFile(file())).equals(before)).toBe(true);
  });

  test('takes more than 255 chapters, out of order, the first late, and none with an end', async () => {
    makeMedia(file(), options);
    const before = packets(file());
    const many = numbered(300, 1);
    const given = many.map((c) => ({ ...c, end_s: 0 })).toReversed();
    expect(await writeChapters(file(), given)).toBe(true);
    await expectChapters(file(), many, { lastEnd: false });
    expect(packets(file())).toBe(before);
  });
});

test.each(['song.ogg', 'song.opus', 'song.flac'])('%s keeps chapters as tags', async (name) => {
  const file = join(folder, name);
  makeMedia(file, {});
  expect(await writeChapters(file, CHAPTERS)).toBe(false);
  makeMedia(file, {}, chapterTags(CHAPTERS));
  expect(await writeChapters(file, CHAPTERS)).toBe(true);
  await expectChapters(file, CHAPTERS, { lastEnd: false });
});

test('chapter tags have the form of the Xiph wiki', () => {
  expect(chapterTags([chapter(3725.0625, 0, 'B'), chapter(0, 0, null)])).toEqual({
    CHAPTER000: '00:00:00.000',
    CHAPTER001: '01:02:05.063',
    CHAPTER001NAME: 'B',
  });
});

test('Matroska keeps tags of a chapter and does without a title', async () => {
  const file = join(folder, 'tags.mkv');
  makeMedia(file, {});
  const tags = { title: 'One', URL: 'https://example.org/ö' };
  const given = [{ ...chapter(0, 2, 'One'), tags }, chapter(2, 4, null)];
  expect(await writeChapters(file, given)).toBe(true);
  expect(await read(file)).toEqual(given);
});

test('a long title is whole in the track of an MP4; FFmpeg prints the first 255 bytes', async () => {
  const file = join(folder, 'long.mp4');
  makeMedia(file, {});
  const title = 'é'.repeat(400);
  expect(await writeChapters(file, [chapter(0, 4, title), chapter(4, 5, null)])).toBe(true);
  if (oracle) expect(probed(file)[0]?.title).toBe(title);
  expect((await read(file)).map((c) => c.title)).toEqual(['é'.repeat(127), null]);
});

test.each(['late.mp4', 'late.mkv', 'late.mp3'])(
  '%s: a late first chapter leaves the end of the last as it is',
  async (name) => {
    const file = join(folder, name);
    makeMedia(file, {});
    const late = [chapter(1, 2.5, 'one'), chapter(2.5, 4.5, 'two')];
    expect(await writeChapters(file, late)).toBe(true);
    await expectChapters(file, late);
  },
);

test('chapters behind the end are dropped', async () => {
  const file = join(folder, 'behind.mp4');
  makeMedia(file, {});
  expect(await writeChapters(file, [chapter(9, 10, 'late')])).toBe(false);
  expect(await writeChapters(file, [chapter(0, 99, 'all'), chapter(9, 10, 'late')])).toBe(true);
  const [all, ...rest] = await read(file);
  expect(rest).toEqual([]);
  expect(all?.end_s).toBeLessThan(5.1);
});

test('64-bit chunk offsets move as well', async () => {
  const file = join(folder, 'wide.mp4');
  makeMedia(file, FAST_START);
  const before = packets(file);
  const { boxes } = parseBoxes(await readFile(file));
  const moov = boxes.find((b) => b.type === 'moov');
  const size = boxSize(moov as Box);
  widen(moov as Box);
  shift(moov as Box, size, boxSize(moov as Box) - size);
  await writeFile(file, Buffer.concat(boxes.map(serialize)));
  expect(packets(file)).toBe(before);
  expect(await writeChapters(file, CHAPTERS)).toBe(true);
  await expectChapters(file, CHAPTERS);
  expect(packets(file)).toBe(before);
});

test('32-bit chunk offsets become 64-bit ones before they overflow', () => {
  const moov = parent('moov', box('stco', u32(0, 2, 100, 0xffff_fff0)));
  expect(overflows(moov, 1000, 15)).toBe(false);
  expect(overflows(moov, 1000, 16)).toBe(true);
  widen(moov);
  shift(moov, 1000, 16);
  const table = find(moov, 'co64')?.data;
  expect(table?.readUInt32BE(4)).toBe(2);
  expect(table?.readBigUInt64BE(8)).toBe(100n);
  expect(table?.readBigUInt64BE(16)).toBe(0x1_0000_0000n);
});

test('a movie of 20 hours gets a track in milliseconds', async () => {
  const file = join(folder, 'day.mp4');
  makeMedia(file, {});
  const moov = parseBoxes(await readFile(file)).boxes.find((b) => b.type === 'moov') as Box;
  const movie = movieOf(moov);
  expect(movie?.duration_s).toBeCloseTo(5, 0);
  const track = addChapters(moov, { timescale: 90_000, duration_s: 72_000 }, [chapter(10, 72_000, 'Day')]);
  const at = (...path: string[]) => find(track?.box as Box, ...path)?.data as Buffer;
  expect(at('mdia', 'mdhd').readUInt32BE(12)).toBe(1000);
  expect(at('mdia', 'mdhd').readUInt32BE(16)).toBe(72_000_000);
  expect(at('tkhd').readBigUInt64BE(28)).toBe(72_000n * 90_000n);
  expect(at('edts', 'elst').readBigUInt64BE(8)).toBe(900_000n);
});

test('a segment of unknown length takes chapters too', async () => {
  const file = join(folder, 'live.webm');
  makeMedia(file, { live: '1' });
  const before = packets(file);
  expect(await writeChapters(file, CHAPTERS)).toBe(true);
  await expectChapters(file, CHAPTERS);
  expect(packets(file)).toBe(before);
});

test.each([
  ['fragments.mp4', { movflags: '+frag_keyframe+empty_moov' }],
  ['sound.wav', {}],
])('%s cannot hold chapters and is left alone', async (name, options) => {
  const file = join(folder, name);
  makeMedia(file, options);
  const before = await readFile(file);
  expect(await writeChapters(file, CHAPTERS)).toBe(false);
  expect((await readFile(file)).equals(before)).toBe(true);
});

test('an abort ends the move of a large file', async () => {
  const file = join(folder, 'large.mp4');
  makeMedia(file, FAST_START);
  await expect(writeChapters(file, CHAPTERS, AbortSignal.abort())).rejects.toThrow('abort');
});

test('extensions', () => {
  const can = [
    '.mp4',
    'M4A',
    '.mov',
    'mkv',
    '.webm',
    'mp3',
    '.opus',
    '.flac',
    '.wav',
    'gif',
    '',
    '.ts',
    'avi',
  ];
  expect(can.filter(canHoldChapters)).toEqual(can.slice(0, 8));
});

test('reads one after the other, gives the log back, and works in a worker thread', async () => {
  const file = join(folder, 'log.mp4');
  makeMedia(file, {});
  await writeChapters(file, CHAPTERS);
  let restored = 0;
  const all = await Promise.all([1, 2, 3].map(() => read(file, () => restored++)));
  expect(all.map((list) => list.length)).toEqual([3, 3, 3]);
  expect(restored).toBe(3);
  Log.resetCallback();

  const module = new URL('../../src/engine/chapters/index.ts', import.meta.url).href;
  const code = `
    const { FormatContext } = require('node-av/lib');
    import(${JSON.stringify(module)}).then(async ({ readChapters }) => {
      const format = new FormatContext();
      format.openInputSync(${JSON.stringify(file)});
      require('node:worker_threads').parentPort.postMessage(await readChapters(format));
      format.closeInputSync();
    });`;
  const worker = new Worker(code, { eval: true });
  const { promise, resolve, reject } = Promise.withResolvers();
  worker.once('message', resolve).once('error', reject);
  expect(await promise).toEqual(all[0]);
  await worker.terminate();
});

function chapter(start_s: number, end_s: number, title: string | null): ChapterFacts {
  return { start_s, end_s, title, tags: title === null ? {} : { title } };
}

/** So many chapters of equal length up to 4.75 s, the first at `from` seconds. */
function numbered(count: number, from = 0): ChapterFacts[] {
  const length = Math.floor(((4.75 - from) / count) * 1000) / 1000;
  return Array.from({ length: count }, (_, i) =>
    chapter(from + i * length, from + (i + 1) * length, `№ ${i}`),
  );
}

/**
 * To the millisecond, by node-av's FFmpeg and by Debian's. `secondOpinion`: whether Debian's is asked, which costs a
 * process; what a file goes through on its way to another state needs no two opinions.
 */
async function expectChapters(
  file: string,
  wanted: ChapterFacts[],
  { lastEnd = true, secondOpinion = true } = {},
): Promise<void> {
  const plain = (list: ChapterFacts[]) =>
    list.map((c, i) => ({
      start: Math.round(c.start_s * 1000),
      end: lastEnd || i < wanted.length - 1 ? Math.round(c.end_s * 1000) : null,
      title: c.title,
      tags: c.tags,
    }));
  expect(plain(await read(file))).toEqual(plain(wanted));
  if (oracle && secondOpinion) expect(plain(probed(file))).toEqual(plain(wanted));
}
