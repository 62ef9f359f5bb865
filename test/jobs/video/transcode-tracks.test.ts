/** What a transcode keeps beside the picture: sound, subtitles, chapters, tags, covers, attached files. */
import { copyFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { AV_NOPTS_VALUE } from 'node-av/constants';
import { Packet } from 'node-av/lib';
import { describe, expect, it } from 'vitest';
import type { ChapterFacts } from '../../../src/core/facts.ts';
import { writeChapters } from '../../../src/engine/chapters/index.ts';
import { probe } from '../../../src/engine/index.ts';
import { packets, readImage, type StreamSummary, streamsOf } from '../../decode/index.ts';
import { openSource } from '../../decode/source.ts';
import {
  COVER_NUMBER,
  counterVideo,
  readCounter,
  SUBTITLE_LINES,
  type SubtitleOptions,
  type VideoOptions,
} from '../../fixtures/media/index.ts';
import { runJob, testFolder } from '../harness.ts';

async function transcode(input: string, target: string, params: Record<string, unknown> = {}) {
  const run = await runJob('transcode_h264_to_h265', {
    input,
    target,
    params: { preset: 'ultrafast', ...params },
  });
  return { ...run, input, streams: streamsOf(run.output).streams };
}

const of = (kind: string) => (stream: StreamSummary) => stream.kind === kind;

describe('sound', () => {
  const audio: VideoOptions['audio'] = [
    { language: 'eng', title: 'English' },
    { language: 'fra', title: 'Français', codec: 'ac3', channels: 6 },
    { language: 'deu', codec: 'mp3', isDefault: true },
  ];

  it.each([
    ['mp4', 'out.mp4'],
    ['mp4', 'out.mkv'],
    ['mkv', 'out.mp4'],
    ['mkv', 'out.mkv'],
    ['ts', 'out.mp4'],
  ] as const)(
    '%s → %s: all tracks, bit for bit, with language, title and default',
    async (container, target) => {
      const { input, output, streams } = await transcode(await counterVideo({ container, audio }), target);
      const [before, after] = [streamsOf(input).streams.filter(of('audio')), streams.filter(of('audio'))];
      expect(after.map(({ language }) => language)).toEqual(['eng', 'fra', 'deu']);
      const told = ({ tags }: StreamSummary) => (target === 'out.mkv' ? tags.title : tags.handler_name);
      if (container !== 'ts') expect(after.map(told).slice(0, 2)).toEqual(['English', 'Français']);
      const isDefault = (stream: StreamSummary) => stream.disposition.includes('default');
      if (container !== 'ts') expect(after.map(isDefault)).toEqual(before.map(isDefault));
      const sums = async (path: string) =>
        (await packets(path)).filter(({ kind }) => kind === 'audio').map(({ md5 }) => md5);
      // AAC carries a header in each packet of a transport stream, and none in MP4.
      const same = container === 'ts' ? 1 : 0;
      expect((await sums(output)).slice(same)).toEqual((await sums(input)).slice(same));
    },
  );

  it('is encoded anew only where the container cannot hold it', async () => {
    const input = await counterVideo({ container: 'mkv', audio: [{ codec: 'vorbis' }, { codec: 'flac' }] });
    const { streams, report } = await transcode(input, 'out.mp4');
    expect(streams.map(({ codec }) => codec)).toEqual(['hevc', 'aac', 'flac']);
    expect(report.data.tracks).toMatchObject([{ codec: 'libx265' }, { codec: 'aac' }, { codec: 'copy' }]);
  });
});

describe('subtitles', () => {
  const languages = ['eng', 'fra'];
  const both = (codec: SubtitleOptions['codec']): SubtitleOptions[] => [
    { codec, language: 'eng', title: 'Full' },
    { codec, language: 'fra', lines: [{ startS: 0.1, endS: 0.5, text: 'Bonjour' }] },
  ];

  it.each([
    ['mp4', 'mov_text', 'out.mp4', 'mov_text'],
    ['mkv', 'srt', 'out.mkv', 'subrip'],
    ['mkv', 'ass', 'out.mkv', 'ass'],
  ] as const)('%s %s → %s: copied', async (container, codec, target, kept) => {
    const { streams, input, output, report } = await transcode(
      await counterVideo({ container, subtitles: both(codec) }),
      target,
    );
    const subtitles = streams.filter(of('subtitle'));
    expect(subtitles.map((stream) => stream.codec)).toEqual([kept, kept]);
    expect(subtitles.map(({ language }) => language)).toEqual(languages);
    expect(await cuesOf(output)).toEqual(await cuesOf(input));
    expect(report.warnings).toEqual([]);
  });

  it.each([
    ['mkv', 'srt', 'out.mp4', 'mov_text'],
    ['mkv', 'ass', 'out.mp4', 'mov_text'],
    ['mkv', 'webvtt', 'out.mov', 'mov_text'],
    ['mp4', 'mov_text', 'out.mkv', 'subrip'],
  ] as const)('%s %s → %s: rewritten as %s', async (container, codec, target, kept) => {
    const { streams, output, report } = await transcode(
      await counterVideo({ container, subtitles: both(codec) }),
      target,
    );
    const subtitles = streams.filter(of('subtitle'));
    expect(subtitles.map((stream) => stream.codec)).toEqual([kept, kept]);
    expect(subtitles.map(({ language }) => language)).toEqual(languages);
    const [first, second] = await cuesOf(output);
    expect(first).toEqual(
      SUBTITLE_LINES.map(({ startS, endS, text }) => ({ at: startS, until: endS, text })),
    );
    expect(second).toEqual([{ at: 0.1, until: 0.5, text: 'Bonjour' }]);
    expect(report.warnings).toHaveLength(2);
    expect(report.warnings[0]).toMatch(
      new RegExp(`Stream 1: the subtitles were rewritten from .* to ${kept}`),
    );
  });

  it('VP9 in WebM gets WebVTT', async () => {
    const { streams, output } = await transcode(
      await counterVideo({ container: 'mkv', subtitles: both('srt') }),
      'out.webm',
      { codec: 'libvpx-vp9', preset: undefined, options: { deadline: 'realtime', 'cpu-used': 8 } },
    );
    expect(streams.filter(of('subtitle')).map(({ codec }) => codec)).toEqual(['webvtt', 'webvtt']);
    expect((await cuesOf(output))[0]?.map(({ text }) => text)).toEqual(
      SUBTITLE_LINES.map(({ text }) => text),
    );
  });

  it('those no container of this kind holds are named', async () => {
    const input = await counterVideo({ container: 'mkv', subtitles: both('srt') });
    const { streams, report } = await transcode(input, 'out.ts');
    expect(streams.filter(of('subtitle'))).toEqual([]);
    expect(report.warnings).toEqual([
      'Stream 1 was dropped: the container cannot hold subrip subtitles.',
      'Stream 2 was dropped: the container cannot hold subrip subtitles.',
    ]);
  });
});

interface Cue {
  at: number;
  until: number;
  text: string;
}

/** Cues with text of every subtitle track; the bytes of formats that are not plain. */
async function cuesOf(path: string): Promise<Cue[][]> {
  const source = openSource(path);
  const packet = new Packet();
  packet.alloc();
  const tracks = new Map<number, Cue[]>();
  try {
    while (source.format.readFrameSync(packet) >= 0) {
      const stream = source.streams[packet.streamIndex];
      if (stream && packet.pts !== AV_NOPTS_VALUE && streamKind(path, packet.streamIndex) === 'subtitle') {
        const data = packet.data ?? Buffer.alloc(0);
        const seconds = (ticks: bigint) =>
          Math.round((Number(ticks) * stream.timeBase.num * 1000) / stream.timeBase.den) / 1000;
        const isMovText = streamCodec(path, packet.streamIndex) === 'mov_text';
        const text = isMovText ? data.toString('utf8', 2, 2 + data.readUInt16BE(0)) : data.toString('utf8');
        const cue = { at: seconds(packet.pts), until: seconds(packet.pts + packet.duration), text };
        const list = tracks.get(packet.streamIndex) ?? [];
        tracks.set(packet.streamIndex, list);
        if (text !== '') list.push(cue);
      }
      packet.unref();
    }
  } finally {
    packet.free();
    source.close();
  }
  return [...tracks.entries()].sort(([a], [b]) => a - b).map(([, cues]) => cues);
}

const summaries = new Map<string, StreamSummary[]>();
function streamAt(path: string, index: number): StreamSummary | undefined {
  const known = summaries.get(path) ?? streamsOf(path).streams;
  summaries.set(path, known);
  return known[index];
}
const streamKind = (path: string, index: number) => streamAt(path, index)?.kind;
const streamCodec = (path: string, index: number) => streamAt(path, index)?.codec;

describe('chapters and tags', () => {
  const chapters: ChapterFacts[] = [
    { start_s: 0, end_s: 0.4, title: 'Opening', tags: {} },
    { start_s: 0.4, end_s: 1.2, title: 'The end: äöü', tags: {} },
  ];

  async function withChapters(options: VideoOptions): Promise<string> {
    const made = await counterVideo(options);
    const copy = join(await testFolder(), `chapters${extname(made)}`);
    await copyFile(made, copy);
    expect(await writeChapters(copy, chapters)).toBe(true);
    return copy;
  }

  it.each([
    ['mp4', 'out.mp4'],
    ['mp4', 'out.mkv'],
    ['mkv', 'out.mp4'],
    ['mkv', 'out.mkv'],
  ] as const)('%s → %s', async (container, target) => {
    const metadata = { title: 'A title', artist: 'Someone', comment: 'Words' };
    const input = await withChapters({ container, metadata, audio: [{}] });
    const { output, report } = await transcode(input, target);
    const found = (await probe(output)).chapters;
    expect(found.map(({ title }) => title)).toEqual(['Opening', 'The end: äöü']);
    for (const [i, { start_s, end_s }] of found.entries()) {
      expect(start_s).toBeCloseTo(chapters[i]?.start_s as number, 2);
      expect(end_s).toBeCloseTo(chapters[i]?.end_s as number, 1);
    }
    const tags = Object.entries(streamsOf(output).tags).map(([key, value]) => [key.toLowerCase(), value]);
    expect(Object.fromEntries(tags)).toMatchObject(metadata);
    expect(report.warnings).toEqual([]);
    expect(streamsOf(output).streams.filter(({ kind }) => kind === 'audio')).toHaveLength(1);
  });

  it('a container without chapters: a warning', async () => {
    const { report } = await transcode(await withChapters({}), 'out.ts');
    expect(report.warnings).toEqual(['The chapters were dropped: the container cannot hold them.']);
  });
});

describe('cover art and attached files', () => {
  it.each(['jpg', 'png'] as const)('a %s stays in mp4', async (cover) => {
    const { input, output, streams, report } = await transcode(
      await counterVideo({ cover, audio: [{}] }),
      'out.mp4',
    );
    const codec = cover === 'jpg' ? 'mjpeg' : 'png';
    expect(streams.find((stream) => stream.codec === codec)?.disposition).toContain('attached_pic');
    const md5 = async (path: string) => (await packets(path)).find((stream) => stream.codec === codec)?.md5;
    expect(await md5(output)).toBe(await md5(input));
    expect(report.warnings).toEqual([]);
  });

  it.each(['jpg', 'png'] as const)(
    'a %s becomes an attached file in mkv, and a picture again in mp4',
    async (cover) => {
      const { input, output, streams, report } = await transcode(
        await counterVideo({ cover, audio: [{}] }),
        'a.mkv',
      );
      const codec = cover === 'jpg' ? 'mjpeg' : 'png';
      const picture = streams.find((stream) => stream.codec === codec);
      expect(picture?.disposition).toContain('attached_pic');
      expect(picture?.tags).toMatchObject({
        filename: `cover.${cover}`,
        mimetype: `image/${cover === 'jpg' ? 'jpeg' : 'png'}`,
      });
      expect(report.warnings).toEqual([]);
      const md5 = async (path: string) => (await packets(path)).find((stream) => stream.codec === codec)?.md5;
      expect(await md5(output)).toBe(await md5(input));
      const again = await transcode(output, 'again.mp4');
      expect(await md5(again.output)).toBe(await md5(input));
      expect(again.streams.find((stream) => stream.codec === codec)?.disposition).toContain('attached_pic');
      expect(COVER_NUMBER).toBe(77);
    },
  );

  it('a container without covers: a warning', async () => {
    for (const target of ['out.ts', 'out.mov']) {
      const { report } = await transcode(await counterVideo({ cover: 'jpg' }), target);
      expect(report.warnings).toEqual(['Stream 1 was dropped: the container keeps no such cover art.']);
    }
  });

  it('fonts stay in mkv, and are named when they do not', async () => {
    const attachments = [
      { name: 'one.ttf', content: 'first' },
      { name: 'two.ttf', content: 'second' },
    ];
    const input = await counterVideo({ container: 'mkv', attachments, audio: [{}] });
    const { streams, report } = await transcode(input, 'out.mkv');
    expect(streams.filter(of('attachment')).map(({ tags }) => tags.filename)).toEqual(['one.ttf', 'two.ttf']);
    expect(report.warnings).toEqual([]);
    expect((await transcode(input, 'out.mp4')).report.warnings).toEqual([
      'Stream 2 was dropped: the container keeps no attachments.',
      'Stream 3 was dropped: the container keeps no attachments.',
    ]);
  });

  it('the picture itself can be read', async () => {
    const { output } = await transcode(await counterVideo({ cover: 'jpg' }), 'out.mkv');
    const { output: frame } = await runJob('extract_key_frame', {
      input: output,
      target: 'a.png',
      params: { timestamp: 0.2 },
    });
    expect(readCounter(await readImage(frame))).toBe(5);
  });
});
