/** A short run of `npm run fuzz` on media of our own; the long one is for people. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { expect, test } from 'vitest';
import { chance, damageBytes, damageJson } from '../../scripts/fuzz/mutate.ts';
import { fuzz } from '../../scripts/fuzz/run.ts';
import { MEDIA } from './fixtures/media.ts';

test('41 damaged files at every task and strange requests at every route: the server stays', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mill-fuzz-media-'));
  for (const [name, make] of Object.entries(MEDIA)) {
    const file = await make();
    await copyFile(file, join(folder, name + extname(file)));
  }
  const said: string[] = [];
  const figures = await fuzz({ folder, durationMs: 8000, seed: 41, say: (line) => said.push(line) });
  await rm(folder, { recursive: true });
  const { inputs, requests, server_crashes, server_errors, hangs } = figures;
  expect({ server_crashes, server_errors, hangs, said: server_errors > 0 ? said : [] }).toEqual({
    server_crashes: 0,
    server_errors: 0,
    hangs: 0,
    said: [],
  });
  // Else nothing was tried.
  expect(inputs).toBeGreaterThan(3);
  expect(requests).toBeGreaterThan(20);
}, 180_000);

test('the same seed does the same damage, and it is damage', () => {
  const content = Buffer.alloc(10_000, 'media');
  const run = (seed: number) => {
    const source = chance(seed);
    return Array.from({ length: 200 }, () => damageBytes(content, source).bytes);
  };
  expect(run(7).map((bytes) => bytes.toString('base64'))).toEqual(
    run(7).map((bytes) => bytes.toString('base64')),
  );
  expect(run(7).filter((bytes) => !bytes.equals(content)).length).toBeGreaterThan(150);
  const source = chance(7);
  const bodies = Array.from({ length: 200 }, () =>
    JSON.stringify(damageJson({ task: 'x', params: { n: [1] } }, source)),
  );
  expect(new Set(bodies).size).toBeGreaterThan(50);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
