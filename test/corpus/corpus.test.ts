/** The corpus script's own logic, with jobs that answer what the test wants. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import type { Caller, CallResult } from './caller.ts';
import { type Checker, runCheck } from './check.ts';
import { invariants, truthCheckers } from './checkers.ts';
import { type Entry, readManifest } from './manifest.ts';
import { printTable } from './table.ts';

const folder = mkdtempSync(join(tmpdir(), 'mediamill-manifest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILE = {
  file: 'a.mp4',
  size: 3,
  sha256: 'abc',
  truth: { frames: 30, rotation: -90, unheard_of: 1 },
  probe: {
    format: 'mov',
    duration_s: 1.2,
    streams: [
      { codec_type: 'video', codec_name: 'h264', avg_frame_rate: '25/1' },
      { codec_type: 'video', codec_name: 'png', attached_pic: true },
    ],
  },
};

function entryOf(change: Record<string, unknown> = {}): Entry {
  writeFileSync(join(folder, 'MANIFEST.json'), JSON.stringify({ files: [{ ...FILE, ...change }] }));
  return readManifest(folder)[0] as Entry;
}

/** Answers every call with this; knows only the task `get_video_info` without parameters. */
function answering(result: CallResult): Caller {
  return {
    registry: { jobs: [] } as never,
    knows: (task, parameter) => task === 'get_video_info' && parameter === undefined,
    call: async () => result,
    forget: () => {},
    close: async () => {},
  };
}

const finished = (data: Record<string, unknown>): CallResult => ({
  ok: true,
  data,
  output: '',
  warnings: [],
});
const checkerOf = (name: string, task = 'get_video_info') =>
  [...truthCheckers, ...invariants].find((one) => one.name === name && one.task === task) as Checker;

describe('a check', () => {
  const entry = entryOf();

  it('passes when the job says what the manifest says', async () => {
    const caller = answering(finished({ frame_count: 30, rotation: 90 }));
    for (const name of ['frames', 'rotation'])
      expect(await runCheck(checkerOf(name), entry, [entry], caller)).toMatchObject({ outcome: 'passed' });
  });

  it('fails with what differs', async () => {
    const row = await runCheck(checkerOf('frames'), entry, [entry], answering(finished({ frame_count: 29 })));
    expect(row).toMatchObject({ outcome: 'failed', detail: 'frame_count is 29, not 30' });
  });

  it('fails when the job fails', async () => {
    const failure = new MillError('crashed', 'It is gone.').toFailure();
    const caller = answering({ ok: false, failure, leftovers: [] });
    expect(await runCheck(checkerOf('frames'), entry, [entry], caller)).toMatchObject({
      outcome: 'failed',
      detail: 'get_video_info: crashed: It is gone.',
    });
  });

  it('is left out when the task or its parameter does not exist', async () => {
    const caller = answering(finished({}));
    const [unknown, withParameter] = [
      checkerOf('frames', 'detect_scene_cuts'),
      { ...checkerOf('frames'), parameter: 'no_such' },
    ];
    expect((await runCheck(unknown, entry, [entry], caller)).outcome).toBe('left out');
    expect((await runCheck(withParameter, entry, [entry], caller)).detail).toContain('no_such');
  });
});

describe('a file that must fail', () => {
  const entry = entryOf({ expect: 'clean failure, no output, error names the input', truth: {} });
  const clean = checkerOf('expect: clean failure');
  const failing = (detail: string, leftovers: string[] = []): Caller =>
    answering({ ok: false, failure: new MillError('unsupported_media', detail).toFailure(), leftovers });

  it('must name the input and leave nothing', async () => {
    expect((await runCheck(clean, entry, [], failing('"a.mp4" is no media.'))).outcome).toBe('passed');
    expect((await runCheck(clean, entry, [], failing('No media.'))).outcome).toBe('failed');
    expect((await runCheck(clean, entry, [], failing('"a.mp4" is no media.', ['x']))).outcome).toBe('failed');
    expect((await runCheck(clean, entry, [], answering(finished({})))).outcome).toBe('failed');
  });

  it('is spared everything else', () => {
    const others = [...truthCheckers, ...invariants].filter((one) => one.name !== clean.name);
    expect(others.filter((one) => one.applies(entry)).map(({ name }) => name)).toEqual(['sha256']);
  });
});

describe('the table', () => {
  it('is aligned and says what was left out', () => {
    const lines: string[] = [];
    const row = { file: 'long name.mp4', task: 't', check: 'c' };
    printTable(
      [
        { ...row, outcome: 'passed', detail: '30 frames' },
        { ...row, file: 'b', outcome: 'left out', detail: 'no such task' },
      ],
      (line) => lines.push(line),
    );
    expect(lines[2]).toBe('long name.mp4  t     c      ok  30 frames');
    expect(lines[3]).toBe('b              t     c      -   left out: no such task');
  });
});
