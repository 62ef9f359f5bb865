import { createHash } from 'node:crypto';
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MillError } from '../../../src/core/errors.ts';
import type { SourceFacts } from '../../../src/core/facts.ts';
import job from '../../../src/jobs/acquisition/create_file_manifest.ts';
import { failureOf, folderOf, runJob, tempFolder } from './job-run.ts';
import { PIXEL_PNG, toneWav } from './small-media.ts';

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

const FACTS = {
  name: 'tone.wav',
  format: { name: 'wav', duration_s: 0.1 },
  streams: [{ kind: 'audio', codec: 'pcm_s16le', sample_rate: 8000, channels: 1, disposition: [] }],
} as unknown as SourceFacts;

describe('create_file_manifest', () => {
  it('describes a file by its content, not by its name', async () => {
    const input = join(await tempFolder(), 'photo.mp4');
    await writeFile(input, PIXEL_PNG);
    await utimes(input, 0, 1_700_000_000);
    const { report } = await runJob(job, { input, output: 'm.json' });
    expect(report.data).toMatchObject({
      kind: 'file',
      name: 'photo.mp4',
      size_bytes: PIXEL_PNG.length,
      modified_at: '2023-11-14T22:13:20.000Z',
      mime_type: 'image/png',
      sha256: sha256(PIXEL_PNG),
      media: null,
    });
    expect(report.document).toEqual(report.data);
  });

  it('asks the engine about media, and takes a refusal for an answer', async () => {
    const input = join(await tempFolder(), 'tone.wav');
    await writeFile(input, toneWav());
    const known = await runJob(job, { input, output: 'm.json', probe: async () => FACTS });
    expect(known.report.data).toMatchObject({
      mime_type: 'audio/wav',
      media: {
        format: 'wav',
        duration_s: 0.1,
        video: null,
        audio: { codec: 'pcm_s16le', sample_rate: 8000, channels: 1 },
      },
    });
    const unknown = await runJob(job, { input, output: 'm.json' });
    expect(unknown.report.data).toMatchObject({ media: null });
    const crashed = runJob(job, {
      input,
      output: 'm.json',
      probe: () => Promise.reject(new MillError('out_of_memory')),
    });
    await failureOf(crashed, 'out_of_memory');
  });

  it('lists a folder in a fixed order and leaves links out', async () => {
    const folder = await folderOf({ 'b.txt': 'b', 'a/z.txt': 'z', 'a/empty': '', 'B.png': PIXEL_PNG });
    await symlink('/etc/passwd', join(folder, 'link'));
    await symlink('.', join(folder, 'a', 'loop'));
    const { report, progress } = await runJob(job, { input: folder, output: 'm.json' });
    const { entries } = report.document as { entries: { name: string; sha256: string }[] };
    expect(entries.map((entry) => entry.name)).toEqual(['B.png', 'a/empty', 'a/z.txt', 'b.txt']);
    expect(entries[2]).toMatchObject({ sha256: sha256('z'), size_bytes: 1, mime_type: null });
    expect(report.data).toEqual({
      kind: 'directory',
      name: 'folder',
      files: 4,
      size_bytes: 2 + PIXEL_PNG.length,
    });
    expect(report.warnings).toEqual(['Left out because they are links or special files: "a/loop", "link".']);
    expect(progress.at(-1)).toMatchObject({ percent: 100 });
  });

  it('describes empty files, empty folders and files cut short', async () => {
    const folder = await folderOf({ 'empty.mp4': '', 'cut.png': PIXEL_PNG.subarray(0, 20) });
    const empty = await runJob(job, { input: join(folder, 'empty.mp4'), output: 'm.json' });
    expect(empty.report.data).toMatchObject({ size_bytes: 0, mime_type: null, media: null });
    await runJob(job, { input: join(folder, 'cut.png'), output: 'm.json' });
    await mkdir(join(folder, 'none'));
    const none = await runJob(job, { input: join(folder, 'none'), output: 'm.json' });
    expect(none.report.document).toMatchObject({ files: 0, entries: [] });
  });

  it('refuses what is not there, and params it does not know', async () => {
    await failureOf(runJob(job, { input: '/nope/a', output: 'm.json' }), 'input_not_found');
    await failureOf(runJob(job, { input: null, output: 'm.json' }), 'input_required');
    await failureOf(
      runJob(job, { input: '/nope', output: 'm.json', params: { deep: true } }),
      'invalid_params',
    );
    await failureOf(runJob(job, { input: '/dev/null', output: 'm.json' }), 'invalid_request');
  });
});
