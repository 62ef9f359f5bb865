import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

describe('POST /api/process', () => {
  test("the reference's form works, fields before or after the file", async () => {
    const params = { name: 'params', value: '{"times": 3}' };
    for (const parts of [
      [file, task, params],
      [task, params, file],
      [params, file, task],
    ]) {
      const answer = await process_(...parts);
      expect(answer.json()).toMatchObject({ job_id: expect.any(String), status: 'queued' });
      const { input_path, output_path } = answer.json();
      expect(input_path).toMatch(/^\/data\/input\/[0-9a-f-]{36}\.txt$/);
      expect(output_path).toBe(input_path.replace('/input/', '/output/').replace('.txt', '_output.txt'));
      expect(await jobOf(answer)).toMatchObject({ input_path, output_path, params: { times: 3 } });
    }
  });

  test('takes the options of enqueue, and params that say they are JSON', async () => {
    const answer = await process_(
      { name: 'params', value: '{"times": 2}', type: 'application/json' },
      { name: 'output_path', value: 'output/named.txt' },
      { name: 'priority', value: '10' },
      { name: 'delay_ms', value: '60000' },
      { name: 'depends_on', value: '[]' },
      { name: 'timeout_seconds', value: '' },
      file,
      task,
    );
    expect(answer.json()).toMatchObject({ status: 'scheduled', output_path: '/data/output/named.txt' });
    expect(await jobOf(answer)).toMatchObject({ priority: 10, params: { times: 2 }, timeout_seconds: null });
  });

  test('needs no file for a task without input', async () => {
    const answer = await process_(
      { name: 'task', value: 'make_noise' },
      { name: 'params', value: '{"size": 5}' },
    );
    expect(answer.json()).toMatchObject({ status: 'queued', input_path: null });
  });

  test('a repeated idempotency key keeps one upload', async () => {
    const key = { name: 'idempotency_key', value: 'form' };
    const first = await process_(file, task, key);
    const before = await server.files('input');
    const second = await process_(file, task, key);
    expect(second.json()).toEqual(first.json());
    expect(await server.files('input')).toEqual(before);
  });

  test.each<[string, Parameters<typeof multipart>[0], string, RegExp]>([
    ['no file', [task], 'input_required', /needs an input_path/],
    ['no task', [file], 'invalid_request', /"task": is required/],
    ['an unknown task', [file, { name: 'task', value: 'shout' }], 'unknown_task', /shout/],
    ['an unknown task, first', [{ name: 'task', value: 'shout' }, file], 'unknown_task', /shout/],
    ['wrong params, first', [task, { name: 'params', value: '{"x":1}' }, file], 'invalid_params', /"x"/],
    [
      'broken params',
      [file, task, { name: 'params', value: '{' }],
      'invalid_request',
      /"params" is not valid JSON/,
    ],
    ['params that are no object', [file, task, { name: 'params', value: '3' }], 'invalid_params', /"params"/],
    [
      'broken JSON that says it is JSON',
      [file, task, { name: 'params', value: '{', type: 'application/json' }],
      'invalid_request',
      /JSON/,
    ],
    [
      'an unknown field',
      [file, task, { name: 'parms', value: '{}' }],
      'invalid_request',
      /Did you mean "params"\?/,
    ],
    ['a field twice', [task, task, file], 'invalid_request', /twice/],
    ['two files', [file, file, task], 'invalid_request', /one file/],
    ['a file of another name', [{ ...file, name: 'task' }], 'invalid_request', /must not be a file/],
    ['a file without a name', [{ name: 'file', value: 'text' }, task], 'invalid_request', /must be a file/],
    [
      'a number that is none',
      [file, task, { name: 'priority', value: 'high' }],
      'invalid_request',
      /"priority"/,
    ],
    [
      'a file for a task without input',
      [file, { name: 'task', value: 'make_noise' }, { name: 'params', value: '{"size":1}' }],
      'invalid_request',
      /is not taken/,
    ],
    [
      'a forbidden name',
      [{ name: '__proto__', value: 'x' }, file, task],
      'invalid_request',
      /forbidden|known/,
    ],
    [
      'a bad output',
      [file, task, { name: 'output_path', value: 'output/a.pdf' }],
      'unsupported_output',
      /pdf/,
    ],
  ])('%s is refused and nothing is kept', async (_, parts, code, detail) => {
    const before = await server.files('input');
    const answer = await process_(...parts);
    expect(answer.json()).toMatchObject({ code });
    expect(answer.json().detail).toMatch(detail);
    expect(await server.files('input')).toEqual(before);
  });

  test('a JSON body is not a form', async () => {
    const answer = await post('/api/process', { task: 'shout_text' });
    expect(answer.json()).toMatchObject({ status: 415, code: 'unsupported_content_type' });
  });
});

describe('POST /api/upload', () => {
  const upload = (...parts: Parameters<typeof multipart>[0]) => {
    const { payload, headers } = multipart(parts);
    return post('/api/upload', payload, headers);
  };

  test('answers as the reference does, and the file_id is an input', async () => {
    const answer = await upload(file);
    expect(answer.statusCode).toBe(200);
    const { file_id, filename, path } = answer.json();
    expect(filename).toBe(`${file_id}.txt`);
    expect(path).toBe(`/data/input/${filename}`);
    const job = await jobOf(await enqueue({ task: 'shout_text', input_path: file_id }));
    expect(job?.input_path).toBe(path);
  });

  // 22 hostile file names
  test.each([
    '../../../../etc/cron.d/x',
    '..\\\\..\\\\x.mp4',
    '/etc/passwd',
    '-rf.mp4',
    '|id.mp4',
    'a%00.mp4',
    '<img src=x onerror=alert(1)>.mp4',
    'playlist.m3u8',
    'x.svg',
    'CON',
    `${'a'.repeat(5000)}.mp4`,
    '',
  ])('a file called %j gets a generated name', async (name) => {
    const answer = await upload({ name: 'file', file: name, content: '#EXTM3U\n/etc/passwd\n' });
    expect(answer.json().filename).toMatch(/^[0-9a-f-]{36}\.txt$/);
    expect(answer.body).not.toContain(server.root);
  });

  test.each<[string, Parameters<typeof multipart>[0]]>([
    ['no file', []],
    ['another field', [file, { name: 'task', value: 'x' }]],
    ['two files', [file, file]],
    ['a text', [{ name: 'file', value: 'text' }]],
  ])('%s is refused and nothing is kept', async (_, parts) => {
    const before = await server.files('input');
    expect((await upload(...parts)).json()).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(await server.files('input')).toEqual(before);
  });

  test.each<[string, string, string]>([
    ['nothing', 'multipart/form-data; boundary=x', ''],
    ['no boundary', 'multipart/form-data', '--x\r\n'],
    ['garbage', 'multipart/form-data; boundary=x', 'not a form at all'],
    [
      'half a form',
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf',
    ],
  ])('%s is refused', async (_, type, payload) => {
    const before = await server.files('input');
    const answer = await server.app.inject({
      method: 'POST',
      url: '/api/upload',
      headers: { 'content-type': type },
      payload,
    });
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(await server.files('input')).toEqual(before);
  });
});
