/** Old and plain containers that people still have: they open, and are read to their end. */
import { expect, it } from 'vitest';
import { madeByFfmpeg } from '../fixtures/media/index.ts';
import { runJob } from '../jobs/harness.ts';

const FILM = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=1'];
const TONE = ['-f', 'lavfi', '-i', 'sine=f=440:r=48000:d=1'];

it.each<[string, string[], string, number]>([
  ['.au', [...TONE, '-c:a', 'pcm_s16be'], 'au', 1],
  ['.ivf', [...FILM, '-c:v', 'libvpx', '-deadline', 'realtime'], 'ivf', 1],
  ['.dv', [...FILM, ...TONE, '-s', '720x576', '-pix_fmt', 'yuv420p', '-ac', '2'], 'dv', 1],
])('%s', async (extension, args, container, seconds) => {
  const input = await madeByFfmpeg('plain', extension, args);
  const { report } = await runJob('verify_file_integrity', { input, target: 'check.json' });
  expect(report.data).toMatchObject({ valid: true, problems: [] });
  expect(report.data.duration_s).toBeCloseTo(seconds, 1);
  const probed = await runJob('probe_media_file', { input, target: 'probe.json' });
  expect(probed.report.data).toMatchObject({ format: { name: container } });
});
