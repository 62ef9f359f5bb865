/** Recipes in the embedded queue, and where there is no server. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { emptyFolder, mediamill } from './mediamill.ts';
import { nothingCame, queued, recipeEnqueue, refusal, says } from './recipe-enqueue.ts';
import type { Service } from './service.ts';

recipeEnqueue(() => ({}), everyRefusal);

/** What is refused before the queue is asked for anything, whichever it is. */
function everyRefusal(idle: () => Service): void {
  test('whatever is wrong is told with what to do', async () => {
    const service = idle();
    const before = await queued(service);
    await writeFile(
      join(service.cwd, 'bad.toml'),
      '[[steps]]\nid = "a"\ntask = "resize_to_720p"\nparams = { hieght = 3 }\n[[steps]]\nid = "b"\ntask = "calculate_sha256"\nfrom = "c"\n',
    );
    const film = '/data/input/film.mp4';
    const refused = (...args: string[]) => refusal(service, ...args);
    expect(await refused('web-video@7', film)).toEqual(says(1, 'web-video', 'recipe_not_found'));
    expect(await refused('bad.toml', 'film.mp4', '--upload')).toEqual(
      says(2, 'Step "a", params: .*"height"', 'Step "b", from: ', 'recipe lint'),
    );
    expect(await refused('none.toml', film)).toEqual(says(2, 'none.toml" does not exist'));
    expect(await refused('web-video', 'film.mp4')).toEqual(
      says(1, 'path_outside_storage', '/data/input/', '--upload'),
    );
    expect(await refused('web-video', 'nothing.mp4', '--upload')).toEqual(
      says(1, '"nothing.mp4" does not exist', 'of this machine'),
    );
    expect(await refused('web-video', 'data', '--upload')).toEqual(says(1, '"data" is not a file'));
    expect(await refused('web-video', '-')).toEqual(says(2, 'Step "video"', 'Name an input'));
    expect(await refused('web-video', film, '/data/input/out')).toEqual(says(2, 'below /data/output'));
    expect(await refused('web-video', film, '--priority', 'high')).toEqual(says(2, '"priority"'));
    await nothingCame(service, before);
  });
}

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
