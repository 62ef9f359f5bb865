import { describe, expect, it } from 'vitest';
import { forbiddenOption } from '../../src/core/option-policy.ts';

describe('forbidden options', () => {
  it.each([
    [{ stats: 'x' }, 'stats'],
    [{ passlogfile: 'log' }, 'passlogfile'],
    [{ 'x264-params': 'crf=20:stats=a.log' }, 'x264-params.stats'],
    [{ 'x264-params': { 'dump-yuv': 'out.yuv' } }, 'x264-params.dump-yuv'],
    [{ x264opts: 'qpfile=q.txt' }, 'x264opts.qpfile'],
    [{ 'x265-params': { csv: 'a.csv' } }, 'x265-params.csv'],
    [{ 'x265-params': 'aq-mode=3:analysis-save=a.dat' }, 'x265-params.analysis-save'],
    [{ 'x265-params': { 'scaling-list': 'list.txt' } }, 'x265-params.scaling-list'],
    [{ 'x265-params': { 'film-grain': 'grain.bin' } }, 'x265-params.film-grain'],
    [{ 'x265-params': { 'aq-mode': '3:csv=a.csv' } }, 'x265-params.aq-mode'],
    [{ 'x265-params': { 'aq-mode=3:csv': 1 } }, 'x265-params.aq-mode=3:csv'],
    [{ 'svtav1-params': 'preset=8:stat-file=s' }, 'svtav1-params.stat-file'],
    [{ vf: 'movie=a.mp4' }, 'vf'],
    [{ filter_complex: 'x' }, 'filter_complex'],
    [{ tune: '../../etc/passwd' }, 'tune'],
    [{ tune: 'http://host' }, 'tune'],
    [{ X264_PARAMS: 'x', 'my-logfile': 'x' }, 'my-logfile'],
    [{ Stats: 1 }, 'Stats'],
  ] as const)('refuses %j and names it', (options, name) => {
    expect(forbiddenOption(options)?.name).toBe(name);
  });

  it.each([
    { crf: 22, tune: 'film', 'x265-params': { 'aq-mode': 3, 'psy-rd': 1.5 } },
    { 'x264-params': 'ref=4:bframes=3' },
    { 'svtav1-params': 'film-grain=8:tune=0' },
    { flags: '+ilme+ildct', g: 50, bf: 2 },
    { profile: 'high', level: '4.1', 'loop-filter': 1 },
  ])('lets %j through', (options) => {
    expect(forbiddenOption(options as never)).toBeNull();
  });
});
