import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import openRecipesFolder from '../../src/recipes/folder.ts';
import type { RunView } from '../../src/server/run-view.ts';
import { endedRun } from '../recipes/ended-run.ts';
import { registry } from './fixtures/jobs.ts';
import { startServer, type TestServer } from './fixtures/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({
    recipes: (folder) =>
      openRecipesFolder({ folder: join(folder, 'own'), shipped: join(folder, 'shipped'), registry }),
  });
  await mkdir(join(server.root, 'recipes/shipped'), { recursive: true });
  await writeFile(
    join(server.root, 'recipes/shipped/twice.toml'),
    'title = "Twice"\n[[steps]]\nid = "loud"\ntask = "shout_text"\n[[steps]]\nid = "louder"\nfrom = "loud"\ntask = "shout_text"\n',
  );
  await writeFile(join(server.root, 'input/a.txt'), 'hello');
});
afterAll(() => server.close());

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
const ask = (method: Method, url: string, payload?: unknown, headers = {}) =>
  server.app.inject({ method, url, payload: payload as object, headers });
const run = (body: object) => ask('POST', '/api/recipes/run', { input_path: 'input/a.txt', ...body });
const loud = { id: 'loud', task: 'shout_text', output: 'loud.txt' };
const recipe = (...steps: object[]) => ({ steps });

const settled = (id: string) => endedRun(ask, id);

describe('saved recipes', () => {
  test('are listed with those that come with the program', async () => {
    const saved = await ask('PUT', '/api/recipes/mine', { title: 'Mine', ...recipe(loud) });
    expect(saved.statusCode).toBe(200);
    expect(saved.json()).toMatchObject({ name: 'mine', version: 1, versions: [1], shipped: false });
    const { recipes } = (await ask('GET', '/api/recipes')).json();
    expect(recipes).toMatchObject([
      {
        name: 'mine',
        title: 'Mine',
        version: 1,
        shipped: false,
        steps: [{ id: 'loud', task: 'shout_text', from: 'source' }],
      },
      {
        name: 'twice',
        title: 'Twice',
        version: 0,
        shipped: true,
        steps: [{}, { from: 'loud' }],
        problem: null,
      },
    ]);
  });

  test('are kept in all versions, and an outdated change is refused', async () => {
    const first = await ask('PUT', '/api/recipes/kept', recipe(loud), { 'if-match': '"0"' });
    expect(first.headers.etag).toBe('"1"');
    const second = await ask('PUT', '/api/recipes/kept', recipe({ ...loud, output: 'b.txt' }), {
      'if-match': '"1"',
    });
    expect(second.json()).toMatchObject({ version: 2, versions: [1, 2] });
    const late = await ask('PUT', '/api/recipes/kept', recipe(loud), { 'if-match': '"1"' });
    expect(late.json()).toMatchObject({ status: 409, code: 'conflict' });
    const old = await ask('GET', '/api/recipes/kept?version=1');
    expect(old.json()).toMatchObject({ version: 1, recipe: { steps: [{ output: 'loud.txt' }] } });
    expect((await ask('DELETE', '/api/recipes/kept')).json()).toEqual({ removed: true, name: 'kept' });
    expect((await ask('GET', '/api/recipes/kept')).json()).toMatchObject({
      status: 404,
      code: 'recipe_not_found',
    });
    expect((await ask('GET', '/api/recipes/kept?version=2')).statusCode).toBe(200);
    expect((await ask('DELETE', '/api/recipes/twice')).json()).toMatchObject({ code: 'conflict' });
  });

  test('that cannot work are refused with all that is wrong', async () => {
    const bad = recipe({ ...loud, params: { times: 0 } }, { id: 'b', task: 'shut_text' });
    const saved = await ask('PUT', '/api/recipes/bad', bad);
    expect(saved.statusCode).toBe(400);
    expect(saved.json()).toMatchObject({
      code: 'invalid_recipe',
      problems: [{ step: 'loud' }, { step: 'b' }],
    });
    const lint = await ask('POST', '/api/recipes/lint', bad);
    expect(lint.json()).toMatchObject({ ok: false, problems: [{ field: 'params' }, { field: 'task' }] });
    expect((await ask('POST', '/api/recipes/lint', recipe(loud))).json()).toEqual({ ok: true, problems: [] });
    expect((await ask('POST', '/api/recipes/lint', { stebs: [] })).json()).toMatchObject({ ok: false });
  });
});

describe('a run', () => {
  test('makes a job of each step, parents first, in a folder of its own', async () => {
    const accepted = await run({ recipe: 'twice', priority: 7 });
    expect(accepted.statusCode).toBe(202);
    const view = accepted.json() as RunView;
    const folder = `/data/output/${view.id}`;
    expect(view).toMatchObject({
      recipe: 'twice@0',
      input_path: '/data/input/a.txt',
      output_path: folder,
      status: 'queued',
      percent: 0,
      steps: [
        { id: 'loud', from: 'source', status: 'queued', output_path: `${folder}/loud.txt`, pass: null },
        { id: 'louder', from: 'loud', status: 'deferred', output_path: `${folder}/louder.txt` },
      ],
      passes: [],
    });
    const job = await server.queue.get(view.steps[1]?.job_id ?? '');
    expect(job).toMatchObject({
      priority: 7,
      on_parent_failure: 'fail',
      run: { step: 'louder', recipe: 'twice@0' },
    });
    const worker = server.work();
    expect(await settled(view.id)).toMatchObject({ status: 'finished', percent: 100 });
    await worker.stop();
    expect(await readFile(join(server.root, 'output', view.id, 'louder.txt'), 'utf8')).toBe('HELLO');
  });

  test('of which one step fails keeps the others, and does only that one again', async () => {
    const flaky = join(server.root, 'input/late.txt');
    await writeFile(flaky, 'x');
    const view = (
      await run({
        recipe: recipe(
          loud,
          { id: 'join', task: 'join_files', params: { others: ['input/late.txt'] } },
          { id: 'bad', task: 'always_fails' },
          { id: 'after', task: 'make_noise', from: 'loud', params: { size: 3 } },
        ),
        output_path: '/data/output/some/place/',
      })
    ).json() as RunView;
    expect(view).toMatchObject({ recipe: null, output_path: '/data/output/some/place' });
    const worker = server.work();
    const ended = await settled(view.id);
    expect(ended).toMatchObject({ status: 'partly', percent: 100 });
    expect(ended.steps.map(({ id, status }) => [id, status])).toEqual([
      ['loud', 'finished'],
      ['join', 'finished'],
      ['bad', 'failed'],
      ['after', 'finished'],
    ]);
    expect(ended.steps[2]?.error).toMatchObject({ code: 'corrupt_media' });
    const again = (await ask('POST', `/api/runs/${view.id}/retry`)).json() as RunView;
    expect(again.steps.map(({ status }) => status === 'finished')).toEqual([true, true, false, true]);
    expect((await settled(view.id)).status).toBe('partly');
    await worker.stop();
    const loudly = await server.queue.get(ended.steps[0]?.job_id ?? '');
    expect(loudly?.timeline.filter(({ event }) => event === 'claimed')).toHaveLength(1);
  });

  test('comes to an end when a step fails that others wait for, and goes on with a retry', async () => {
    const view = (
      await run({
        recipe: recipe(
          { ...loud, params: { steps: 1000 } },
          { id: 'next', task: 'shout_text', from: 'loud' },
          { id: 'last', task: 'shout_text', from: 'next' },
        ),
      })
    ).json() as RunView;
    await server.queue.cancel(view.steps[0]?.job_id ?? '');
    const ended = await settled(view.id);
    expect(ended).toMatchObject({
      status: 'canceled',
      steps: [{}, { error: { code: 'parent_failed' } }, {}],
    });
    const again = (await ask('POST', `/api/runs/${view.id}/retry`)).json() as RunView;
    expect(again.status).toBe('queued');
    expect(again.steps.map(({ status }) => status)).toEqual(['queued', 'deferred', 'deferred']);
    const canceled = (await ask('POST', `/api/runs/${view.id}/cancel`)).json() as RunView;
    expect(canceled.status).toBe('canceled');
    expect(canceled.steps.map(({ status }) => status)).toEqual(['canceled', 'canceled', 'canceled']);
    const twice = await ask('POST', `/api/runs/${view.id}/cancel`);
    expect(twice.json()).toMatchObject({ status: 409, code: 'conflict' });
  });

  test('with a key is handed in once', async () => {
    const first = (await run({ recipe: 'twice', idempotency_key: 'k' })).json() as RunView;
    const second = (await run({ recipe: 'twice', idempotency_key: 'k' })).json() as RunView;
    expect(second.steps.map(({ job_id }) => job_id)).toEqual(first.steps.map(({ job_id }) => job_id));
    const both = await Promise.all([1, 2].map(() => run({ recipe: 'twice', idempotency_key: 'k2' })));
    const ids = both.map((answer) => (answer.json() as RunView).steps.map(({ job_id }) => job_id));
    expect(ids[0]).toEqual(ids[1]);
    expect((await run({ recipe: 'twice' })).json().id).not.toBe(first.id);
  });

  test('of an earlier version of a recipe', async () => {
    await ask('PUT', '/api/recipes/old', recipe(loud));
    await ask('PUT', '/api/recipes/old', recipe({ ...loud, output: 'new.txt' }));
    const view = (await run({ recipe: 'old@1' })).json() as RunView;
    expect(view).toMatchObject({
      recipe: 'old@1',
      steps: [{ output_path: expect.stringMatching(/loud\.txt$/) }],
    });
    expect((await run({ recipe: 'old' })).json()).toMatchObject({ recipe: 'old@2' });
  });

  test.each<[string, object, number, string, RegExp]>([
    ['an unknown recipe', { recipe: 'twise' }, 404, 'recipe_not_found', /Did you mean "twice"/],
    ['an unknown version', { recipe: 'twice@7' }, 404, 'recipe_not_found', /no version 7/],
    [
      'a recipe that cannot work',
      { recipe: recipe({ ...loud, task: 'x' }) },
      400,
      'invalid_recipe',
      /Step "loud"/,
    ],
    ['an unknown field', { recipe: 'twice', prio: 1 }, 400, 'invalid_request', /priority/],
    [
      'a source that is not there',
      { recipe: 'twice', input_path: 'input/no.txt' },
      404,
      'input_not_found',
      /no\.txt/,
    ],
    ['a source outside', { recipe: 'twice', input_path: '/etc/passwd' }, 400, 'path_outside_storage', /./],
    ['no source', { recipe: 'twice', input_path: null }, 400, 'input_required', /Step "loud"/],
    [
      'a folder elsewhere',
      { recipe: 'twice', output_path: '/data/input/x' },
      400,
      'invalid_request',
      /below/,
    ],
    [
      'the storage itself as folder',
      { recipe: 'twice', output_path: '/data/output' },
      400,
      'path_outside_storage',
      /./,
    ],
  ])('with %s is refused, and nothing is queued', async (_, body, status, code, detail) => {
    const before = (await server.queue.list({ limit: 1 })).jobs[0]?.id;
    const answer = await run(body);
    expect(answer.json()).toMatchObject({ status, code, detail: expect.stringMatching(detail) });
    expect((await server.queue.list({ limit: 1 })).jobs[0]?.id).toBe(before);
  });

  test('that is not there is 404', async () => {
    for (const [method, url] of [
      ['GET', '/api/runs/nothing'],
      ['POST', '/api/runs/nothing/retry'],
      ['POST', '/api/runs/nothing/cancel'],
    ] as const)
      expect((await ask(method, url)).json()).toMatchObject({ status: 404, code: 'run_not_found' });
  });
});
