/** Sound that Matroska has no name for is encoded anew; all else is copied. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { streamsOf } from '../../decode/index.ts';
import { cached, counterVideo } from '../../fixtures/media/index.ts';
import { runJob } from '../harness.ts';

/** A film of a second whose sound only QuickTime knows, or nearly. */
async function withSound(codec: string): Promise<string> {
  const film = await counterVideo({ frames: 25 });
  return cached('quicktime-sound', '.mov', { codec }, (path) => {
    const sine = ['-f', 'lavfi', '-i', 'sine=f=440:r=44100:d=1'];
    const args = ['-v', 'error', '-y', '-i', film, ...sine, '-c:v', 'copy', '-c:a', codec, path];
    expect(spawnSync('ffmpeg', args, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });
}

it.each([
  ['adpcm_ima_qt', 'aac'],
  ['pcm_s8', 'aac'],
  ['pcm_f64be', 'aac'],
  ['pcm_mulaw', 'pcm_mulaw'],
  ['pcm_s24be', 'pcm_s24be'],
  ['alac', 'alac'],
])('%s becomes %s', async (codec, kept) => {
  const { output } = await runJob('transcode_h264_to_h265', {
    input: await withSound(codec),
    target: 'out.mkv',
    params: { preset: 'ultrafast' },
  });
  const sound = streamsOf(output).streams.find(({ audio }) => audio);
  expect(sound).toMatchObject({ codec: kept });
  expect(sound?.duration_s ?? 1).toBeCloseTo(1, 1);
});
