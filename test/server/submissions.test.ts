import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TRAVERSALS } from '../contracts/storage.ts';
import { multipart, startServer, type TestServer } from './fixtures/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await writeFile(join(server.root, 'input/a.txt'), 'hello');
  await writeFile(join(server.root, 'input/b.txt'), 'there');
  await mkdir(join(server.root, 'input/folder'));
});
afterAll(() => server.close());

const post = (url: string, payload: unknown, headers = {}) =>
  server.app.inject({ method: 'POST', url, payload: payload as object, headers });
const enqueue = (body: unknown) => post('/api/enqueue', body);
const process_ = (...parts: Parameters<typeof multipart>[0]) => {
  const { payload, headers } = multipart(parts);
  return post('/api/process', payload, headers);
};
const jobOf = async (answer: { json(): { job_id: string } }) => server.queue.get(answer.json().job_id);
const file = { name: 'file', file: 'a.txt', content: 'some text' };
const task = { name: 'task', value: 'shout_text' };

describe('POST /api/enqueue', () => {
  test("the reference's request works unchanged", async () => {
    const answer = await enqueue({
      task: 'shout_text',
      input_path: '/data/input/a.txt',
      output_path: '/data/output/shouted.txt',
      params: { times: 2 },
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ job_id: expect.any(String), status: 'queued' });
    expect(await jobOf(answer)).toMatchObject({
      task: 'shout_text',
      input_path: '/data/input/a.txt',
      output_path: '/data/output/shouted.txt',
      params: { times: 2 },
      max_attempts: 3,
    });
  });

  test('options reach the queue', async () => {
    const answer = await enqueue({
      task: 'shout_text',
      input_path: 'input/a.txt',
      priority: 90,
      delay_ms: 60_000,
      attempts: 7,
      timeout_seconds: 12.5,
      idempotency_key: 'once',
    });
    expect(answer.json()).toMatchObject({ status: 'scheduled' });
    expect(await jobOf(answer)).toMatchObject({
      priority: 90,
      max_attempts: 7,
      timeout_seconds: 12.5,
      idempotency_key: 'once',
    });
    const again = await enqueue({ task: 'make_noise', params: { size: 1 }, idempotency_key: 'once' });
    expect(again.json()).toEqual(answer.json());
  });

  test('paths are stored in their canonical form, those in params too', async () => {
    const absolute = join(server.root, 'input/b.txt');
    const answer = await enqueue({
      task: 'join_files',
      input_path: 'input/folder',
      output_path: `${server.root}/output/x//joined.bin`,
      params: { others: ['input/a.txt', { path: absolute, gain_db: 3 }] },
    });
    expect(await jobOf(answer)).toMatchObject({
      input_path: '/data/input/folder',
      output_path: '/data/output/x/joined.bin',
      params: { others: ['/data/input/a.txt', { path: '/data/input/b.txt', gain_db: 3 }] },
    });
  });

  test('outputs nobody named get a name that fits', async () => {
    const uuid = '[0-9a-f-]{36}';
    const outputOf = async (body: object) => (await jobOf(await enqueue(body)))?.output_path;
    expect(await outputOf({ task: 'shout_text', input_path: 'input/a.txt' })).toMatch(
      new RegExp(`^/data/output/${uuid}_output\\.txt$`),
    );
    expect(await outputOf({ task: 'cut_pages', input_path: 'input/a.txt' })).toMatch(
      new RegExp(`^/data/output/${uuid}_output$`),
    );
    expect(await outputOf({ task: 'make_noise', params: { size: 1 } })).toMatch(
      new RegExp(`^/data/output/${uuid}_output$`),
    );
    expect(await outputOf({ task: 'always_fails', input_path: 'input/a.txt', output_path: '' })).toBeNull();
  });

  test('an input_path for a task without input means nothing', async () => {
    const answer = await enqueue({ task: 'make_noise', params: { size: 1 }, input_path: '/etc/passwd' });
    expect(await jobOf(answer)).toMatchObject({ input_path: null });
  });

  test('an input that an earlier job of the chain will write need not be there', async () => {
    const first = (
      await enqueue({ task: 'shout_text', input_path: 'input/a.txt', output_path: 'output/1.txt' })
    ).json();
    const next = { task: 'shout_text', input_path: 'output/1.txt', output_path: 'output/2.txt' };
    expect((await enqueue(next)).json()).toMatchObject({ code: 'input_not_found' });
    const answer = await enqueue({ ...next, depends_on: [first.job_id] });
    expect(answer.json()).toMatchObject({ status: 'deferred' });
    expect(await jobOf(answer)).toMatchObject({
      input_path: '/data/output/1.txt',
      depends_on: [first.job_id],
    });
    const inParams = await enqueue({
      task: 'join_files',
      input_path: 'input/a.txt',
      params: { others: ['output/1.txt'] },
      depends_on: [first.job_id],
    });
    expect(inParams.statusCode).toBe(200);
    const notThere = await enqueue({ ...next, input_path: 'input/never.txt', depends_on: [first.job_id] });
    expect(notThere.json()).toMatchObject({ code: 'input_not_found' });
    expect((await enqueue({ ...next, depends_on: ['nobody'] })).json()).toMatchObject({
      code: 'invalid_request',
    });
  });

  const good = { task: 'shout_text', input_path: '/data/input/a.txt' };

  test.each<[string, unknown, number, string, RegExp]>([
    ['no task', {}, 400, 'invalid_request', /"task": is required/],
    ['an unknown key', { ...good, ouput_path: 'x' }, 400, 'invalid_request', /Did you mean "output_path"\?/],
    ['a strange key', { ...good, quux_quux: 1 }, 400, 'invalid_request', /Known are: task, input_path/],
    ['a wrong type', { ...good, priority: 'high' }, 400, 'invalid_request', /"priority"/],
    ['out of range', { ...good, priority: 101 }, 400, 'invalid_request', /"priority"/],
    [
      'params that are no object',
      { ...good, params: [] },
      400,
      'invalid_request',
      /"params": expected object/,
    ],
    ['an unknown task', { ...good, task: 'shout_txt' }, 400, 'unknown_task', /Did you mean "shout_text"\?/],
    ['an unknown param', { ...good, params: { tims: 1 } }, 400, 'invalid_params', /Did you mean "times"\?/],
    ['a wrong param', { ...good, params: { times: 1000 } }, 400, 'invalid_params', /"times"/],
    ['no input', { task: 'shout_text' }, 400, 'input_required', /needs an input_path/],
    [
      'a needless output',
      { task: 'always_fails', input_path: 'input/a.txt', output_path: 'output/a' },
      400,
      'invalid_request',
      /writes no output/,
    ],
    [
      'a missing input',
      { task: 'shout_text', input_path: 'input/none.txt' },
      404,
      'input_not_found',
      /none\.txt/,
    ],
    [
      'a folder for a file',
      { task: 'shout_text', input_path: 'input/folder' },
      400,
      'invalid_request',
      /is a folder/,
    ],
    [
      'a missing input in params',
      { task: 'join_files', input_path: 'input/a.txt', params: { others: ['input/x'] } },
      404,
      'input_not_found',
      /input\/x/,
    ],
    [
      'an extension nobody writes',
      { ...good, output_path: 'output/a.pdf' },
      422,
      'unsupported_output',
      /\.txt/,
    ],
    [
      'a folder in the way',
      { ...good, output_path: 'input/folder' },
      422,
      'unsupported_output',
      /without an extension/,
    ],
    [
      'a file in the way',
      { task: 'cut_pages', input_path: 'input/a.txt', output_path: 'input/b.txt' },
      409,
      'output_exists',
      /is a file/,
    ],
    [
      'the output being the input',
      { ...good, output_path: 'input/a.txt' },
      409,
      'output_exists',
      /replace the input/,
    ],
    [
      'the output being an input of params',
      {
        task: 'join_files',
        input_path: 'input/b.txt',
        output_path: 'input/c.bin',
        params: { others: ['input/c.bin'] },
      },
      404,
      'input_not_found',
      /c\.bin/,
    ],
  ])('%s is refused', async (_, body, status, code, detail) => {
    const before = await server.queue.counts();
    const answer = await enqueue(body);
    expect(answer.json()).toMatchObject({
      status,
      code,
      title: expect.any(String),
      next: expect.any(String),
    });
    expect(answer.json().detail).toMatch(detail);
    expect(answer.json().error).toBe(answer.json().detail);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(await server.queue.counts()).toEqual(before);
  });

  test('the first complaint is about the task, then params, then paths, then the output', async () => {
    const body = {
      task: 'x',
      input_path: '/etc/passwd',
      output_path: '/data/output/a.pdf',
      params: { x: 1 },
    };
    const codeOf = async (changes: object) => (await enqueue({ ...body, ...changes })).json().code;
    expect(await codeOf({})).toBe('unknown_task');
    expect(await codeOf({ task: 'shout_text' })).toBe('invalid_params');
    expect(await codeOf({ task: 'shout_text', params: {} })).toBe('path_outside_storage');
    expect(await codeOf({ task: 'shout_text', params: {}, input_path: 'input/a.txt' })).toBe(
      'unsupported_output',
    );
  });
});

describe('21 traversal in every path field', () => {
  // Lone surrogates do not survive a form: they arrive as U+FFFD, a name like others.
  const notEmpty = TRAVERSALS.filter((path) => path !== '' && path.isWellFormed());

  test.each(notEmpty)('%j', async (path) => {
    const answers = await Promise.all([
      enqueue({ task: 'shout_text', input_path: path }),
      enqueue({ task: 'shout_text', input_path: 'input/a.txt', output_path: path }),
      enqueue({ task: 'join_files', input_path: 'input/a.txt', params: { others: [path] } }),
      enqueue({ task: 'join_files', input_path: 'input/a.txt', params: { others: [{ path }] } }),
      post('/api/enqueue/batch', { jobs: [{ task: 'shout_text', input_path: path }] }),
      process_(file, task, { name: 'output_path', value: path }),
    ]);
    for (const answer of answers) {
      expect(answer.json()).toMatchObject({
        status: 400,
        code: expect.stringMatching(/^(path_outside_storage|invalid_request)$/),
      });
      expect(answer.body).not.toContain(server.root);
    }
  });

  test('links that lead out, and host paths beside the roots', async () => {
    await symlink('/etc', join(server.root, 'input/etc'));
    await symlink('loop', join(server.root, 'input/loop'));
    for (const path of [
      'input/etc/passwd',
      'input/loop',
      `${server.root}/queue.db`,
      `${server.root}/input2/x`,
    ]) {
      const answer = await enqueue({ task: 'shout_text', input_path: path });
      expect(answer.json()).toMatchObject({ status: 400, code: 'path_outside_storage' });
      expect(answer.body).not.toContain('root:');
    }
  });
});

describe('POST /api/enqueue/batch', () => {
  const jobs = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ task: 'make_noise', params: { size: index } }));

  test('stores all in their order', async () => {
    const answer = await post('/api/enqueue/batch', { jobs: jobs(250) });
    expect(answer.statusCode).toBe(200);
    const ids: { job_id: string; status: string }[] = answer.json().jobs;
    expect(ids).toHaveLength(250);
    for (const index of [0, 100, 249]) {
      expect((await server.queue.get(ids[index]?.job_id ?? ''))?.params).toEqual({ size: index });
    }
  });

  test('or none, and says which is wrong', async () => {
    const before = await server.queue.counts();
    const answer = await post('/api/enqueue/batch', {
      jobs: [...jobs(3), { task: 'make_nose', params: {} }],
    });
    expect(answer.json()).toMatchObject({ code: 'unknown_task', index: 3, nearest: 'make_noise' });
    expect(answer.json().detail).toMatch(/^jobs\[3\]: /);
    const misspelt = await post('/api/enqueue/batch', {
      jobs: [...jobs(1), { task: 'make_noise', parms: {} }],
    });
    expect(misspelt.json()).toMatchObject({
      code: 'invalid_request',
      problems: [{ field: 'jobs.1.parms', nearest: 'params' }],
    });
    expect(await server.queue.counts()).toEqual(before);
  });

  test.each([{ jobs: [] }, {}, { jobs: jobs(1001) }])('has 1 to 1000 jobs', async (body) => {
    expect((await post('/api/enqueue/batch', body)).json()).toMatchObject({ code: 'invalid_request' });
  });
});
