import { describe, expect, it } from 'vitest';
import { type Comparison, differences } from '../../src/bench/compare.ts';
import { growthCells, growthMarkdown } from '../../src/bench/growth/report.ts';
import { comparisonMarkdown, type Made, markdownTable } from '../../src/bench/markdown.ts';
import type { Quality } from '../../src/bench/quality.ts';

const MADE: Made = {
  command: 'npm run bench -- --rounds 3',
  version: '1.2.3',
  machine: {
    cpu: 'Processor of a test',
    cores: 2,
    memory_bytes: 24 * 1024 ** 3,
    load: 0.3,
    platform: 'linux-x64',
    node: '24.0.0',
  },
};

function quality(known: Partial<Quality> = {}): Quality {
  return {
    bytes: 1000,
    frames: null,
    pictures: null,
    duration_s: null,
    ssim: null,
    xpsnr_db: null,
    cuts: null,
    ...known,
  };
}

const COST = { wall_s: 1, cpu_s: 1, peak_bytes: 1 };
const COMPARISON: Comparison = {
  name: 'resize',
  title: 'Resize | 720p',
  terms: 'same settings',
  cold: { wall: 1.104, cpu: 1, peak: null },
  warm: { wall: 0.5, cpu: 0.25, peak: 0.666 },
  costs: { rival: COST, cold: COST, warm: COST },
  results: [
    {
      output: 'film.mp4',
      rival: quality({ xpsnr_db: 40, frames: 90, duration_s: 3 }),
      ours: quality({ bytes: 900, xpsnr_db: 39.5, frames: 90, duration_s: 3 }),
    },
  ],
  differences: [],
};

describe('the table of a comparison', () => {
  const text = comparisonMarkdown([COMPARISON], { rival: '7.1', film_s: 20, rounds: 3 }, MADE);

  it('has the ratios of both sides, size and quality', () => {
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(rows.at(-1)).toBe(
      '| Resize \\| 720p | same settings | 0.50 | 0.25 | 0.67 | 1.10 | 1.00 | – | 0.90 | −0.50 dB | agrees |',
    );
    const columns = (row = '') => row.replaceAll('\\|', '').split('|').length;
    expect(new Set(rows.map(columns)).size).toBe(1);
  });

  it('has what it takes to take it again', () => {
    for (const fact of [
      'npm run bench -- --rounds 3',
      '1.2.3',
      '7.1',
      'Processor of a test',
      '2 cores',
      '24.0.0',
    ])
      expect(text).toContain(fact);
  });
});

describe('results', () => {
  const film = (known: Partial<Quality>) => quality({ xpsnr_db: 40, frames: 90, duration_s: 3, ...known });

  it('differ by frames, length and cuts', () => {
    const told = (rival: Quality | null, ours: Quality) => differences({ output: 'x', rival, ours }, 3);
    expect(told(film({}), film({}))).toEqual([]);
    expect(told(film({}), film({ frames: 89 }))).toEqual(['89 frames against 90 in 3.0 s']);
    expect(told(quality({ pictures: 10 }), quality({ pictures: 9 }))).toEqual(['9 pictures against 10']);
    expect(told(film({}), film({ duration_s: 2.5 }))).toEqual(['0.50 s apart in length']);
    expect(told(quality({ cuts: [1000] }), quality({ cuts: [1033] }))).toEqual([
      'cuts [1033] against [1000]',
    ]);
    expect(told(null, film({}))).toEqual([]);
  });
});

describe('the table of growth', () => {
  const points = [60, 3600].map((length_s) => ({
    length_s,
    wall_s: length_s / 100,
    cpu_s: null,
    peak_bytes: 150 * 1024 ** 2,
  }));
  const found = { name: 'resize', task: 'resize_to_720p', points, grows: ['memory' as const] };

  it('has a line for each length, and the judgement with the last', () => {
    expect(growthCells(found)).toEqual([
      ['resize', '1 min', '600 ms', '600 ms', '–', '150 MiB', ''],
      ['', '1 h', '36.0 s', '600 ms', '–', '150 MiB', 'memory'],
    ]);
  });

  it('has a line for each operation in Markdown', () => {
    const rows = growthMarkdown([found], MADE).split('\n');
    expect(rows).toContain('| resize | 600 ms | 150 MiB | 600 ms | 150 MiB | memory |');
    expect(rows).toContain('npm run bench -- --rounds 3');
  });
});

it('sets columns of figures right', () => {
  expect(markdownTable(['a', 'b'], [['x', '1']])).toBe('| a | b |\n|---|---:|\n| x | 1 |');
});
