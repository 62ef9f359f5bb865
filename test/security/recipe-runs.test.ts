/** Runs of recipes belong to the key that started them; recipes themselves are changed by administrators. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { multipart } from '../server/fixtures/server.ts';
import { type KeyedServer, type Person, startKeyed } from './fixtures/keyed.ts';

let server: KeyedServer;
let mine: Person;
let other: Person;
let reader: Person;
let admin: Person;
const recipe = {
  steps: [
    { id: 'loud', task: 'shout_text' },
    { id: 'louder', task: 'shout_text', from: 'loud' },
  ],
};

beforeAll(async () => {
  server = await startKeyed();
  mine = await server.person({ name: 'mine' });
  other = await server.person({ name: 'other' });
  reader = await server.person({ name: 'reader', scopes: ['read'] });
  admin = await server.person({ name: 'admin', scopes: ['admin'] });
});
afterAll(() => server.close());

async function upload(person: Person): Promise<string> {
  const { payload, headers } = multipart([{ name: 'file', file: 'a.txt', content: 'some text' }]);
  const answer = await server.ask('POST', '/api/upload', payload, {
    ...headers,
    authorization: `Bearer ${person.token}`,
  });
  return answer.json().file_id;
}

describe('a run of a recipe', () => {
  test('works with one key’s own files alone, and is seen by nobody else', async () => {
    const input_path = await upload(mine);
    const stolen = await other.ask('POST', '/api/recipes/run', { recipe, input_path });
    expect(stolen.json()).toMatchObject({ status: 404, code: 'input_not_found' });
    expect(stolen.json().detail).toBe(`There is no file "${input_path}".`);

    const started = await mine.ask('POST', '/api/recipes/run', { recipe, input_path });
    expect(started.statusCode).toBe(202);
    const { id, output_path } = started.json();
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/retry'],
      ['POST', '/cancel'],
    ] as const) {
      const answer = await other.ask(method, `/api/runs/${id}${path}`);
      expect(answer.json()).toMatchObject({ status: 404, code: 'run_not_found' });
    }
    expect((await admin.ask('GET', `/api/runs/${id}`)).json()).toMatchObject({ id, status: 'queued' });
    expect((await reader.ask('POST', '/api/recipes/run', { recipe, input_path })).statusCode).toBe(403);

    const worker = server.work();
    await vi.waitFor(
      async () =>
        expect((await mine.ask('GET', `/api/runs/${id}`)).json()).toMatchObject({ status: 'finished' }),
      { timeout: 60_000, interval: 50 },
    );
    await worker.stop();
    // Its folder is taken: others can neither write there nor read from it.
    const intruder = await other.ask('POST', '/api/recipes/run', {
      recipe,
      input_path: await upload(other),
      output_path,
    });
    expect(intruder.json()).toMatchObject({ status: 409, code: 'output_exists' });
    const peek = await other.ask('POST', '/api/recipes/run', {
      recipe,
      input_path: `${output_path}/loud.txt`,
    });
    expect(peek.json()).toMatchObject({ status: 404, code: 'input_not_found' });
  });

  test('has keys of its own for each owner', async () => {
    const body = { recipe, idempotency_key: 'same' };
    const first = await mine.ask('POST', '/api/recipes/run', { ...body, input_path: await upload(mine) });
    const second = await other.ask('POST', '/api/recipes/run', { ...body, input_path: await upload(other) });
    expect(second.statusCode).toBe(202);
    expect(second.json().id).not.toBe(first.json().id);
  });
});

describe('recipes', () => {
  test('are saved and removed by administrators alone; to look and to check is for everybody with a key', async () => {
    for (const person of [mine, reader]) {
      expect((await person.ask('PUT', '/api/recipes/x', recipe)).json()).toMatchObject({ code: 'forbidden' });
      expect((await person.ask('DELETE', '/api/recipes/x')).json()).toMatchObject({ code: 'forbidden' });
      expect((await person.ask('GET', '/api/recipes')).statusCode).toBe(200);
      expect((await person.ask('POST', '/api/recipes/lint', recipe)).json()).toMatchObject({ ok: true });
    }
    for (const url of ['/api/recipes', '/api/runs/x'])
      expect((await server.ask('GET', url)).statusCode).toBe(401);
  });
});
