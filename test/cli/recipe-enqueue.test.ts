/** Recipes in the embedded queue, and where there is no server. */
import { expect, test } from 'vitest';
import { emptyFolder, mediamill } from './mediamill.ts';
import { recipeEnqueue } from './recipe-enqueue.ts';

recipeEnqueue(() => ({}));

test('without a server it says how to start one', { timeout: 60_000 }, async () => {
  for (const call of [
    ['enqueue', 'web-video', '/data/input/film.mp4'],
    ['watch', 'any'],
  ]) {
    const outcome = await mediamill(['recipe', ...call, '--server', 'http://127.0.0.1:9'], {
      cwd: emptyFolder(),
    });
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toMatch(/No server answers at http:\/\/127\.0\.0\.1:9\..*`mediamill serve`/s);
  }
});
