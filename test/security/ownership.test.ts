/** Jobs and files belong to the key that made them; others cannot even tell that they are there. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callerOf } from '../../src/auth/caller.ts';
import { fileOwners } from '../../src/auth/files.ts';
import { apiKeys } from '../../src/auth/keys.ts';
import { sessions } from '../../src/auth/sessions.ts';
import { noteUpload } from '../../src/server/uploads.ts';
import { multipart } from '../server/fixtures/server.ts';
import { type KeyedServer, type Person, startKeyed } from './fixtures/keyed.ts';

let server: KeyedServer;
let mine: Person;
let other: Person;
let admin: Person;

beforeAll(async () => {
  server = await startKeyed();
  mine = await server.person({ name: 'mine' });
  other = await server.person({ name: 'other' });
  admin = await server.person({ name: 'admin', scopes: ['admin'] });
  await writeFile(join(server.root, 'input/nobodys.txt'), 'put there by hand');
});
afterAll(() => server.close());

function security() {
  const keys = apiKeys(server.ledger);
  return { keys, sessions: sessions(server.ledger, keys), files: fileOwners(server.ledger) };
}

async function upload(person: Person, content = 'some text') {
  const { payload, headers } = multipart([{ name: 'file', file: 'a.txt', content }]);
  return await server.ask('POST', '/api/upload', payload, {
    ...headers,
    authorization: `Bearer ${person.token}`,
  });
}
const enqueue = (person: Person, body: object) =>
  person.ask('POST', '/api/enqueue', { task: 'make_noise', params: { size: 1 }, ...body });
const jobOf = async (person: Person, body: object = {}) =>
  (await enqueue(person, body)).json().job_id as string;
const shout = (person: Person, input_path: string, more: object = {}) =>
  person.ask('POST', '/api/enqueue', { task: 'shout_text', input_path, params: {}, ...more });

describe('a job', () => {
  test('is listed, counted and found by its owner and by administrators alone', async () => {
    const id = await jobOf(mine);
    const ids = async (person: Person) =>
      (await person.ask('GET', '/api/jobs?limit=200')).json().jobs.map((job: { id: string }) => job.id);
    expect(await ids(mine)).toContain(id);
    expect(await ids(admin)).toContain(id);
    expect(await ids(other)).not.toContain(id);
    expect((await other.ask('GET', '/api/jobs')).json().counts.queued).toBe(0);
    expect((await other.ask('GET', '/api/stats')).json().jobs.queued).toBe(0);
    expect((await other.ask('GET', '/api/queue')).json().counts.queued).toBe(0);
    expect((await mine.ask('GET', `/api/jobs/${id}`)).json()).toMatchObject({ id, owner: mine.key.id });
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/logs'],
      ['GET', '/output'],
      ['GET', '/output/x'],
      ['GET', '/events'],
      ['GET', '/input'],
      ['GET', '/preview'],
      ['GET', '/poster'],
      ['POST', '/cancel'],
      ['POST', '/retry'],
      ['DELETE', ''],
    ] as const) {
      const answer = await other.ask(method, `/api/jobs/${id}${path}`);
      expect([method, path, answer.statusCode, answer.json().code]).toEqual([
        method,
        path,
        404,
        'job_not_found',
      ]);
    }
    expect((await server.queue.get(id))?.status).toBe('queued');
    expect((await mine.ask('POST', `/api/jobs/${id}/cancel`)).statusCode).toBe(200);
  });

  test('is out of reach of what others do with many', async () => {
    const id = await jobOf(mine);
    const named = (await other.ask('POST', '/api/jobs/actions', { action: 'cancel', ids: [id] })).json();
    expect(named).toMatchObject({ done: 0, refused: [{ id, code: 'job_not_found' }] });
    const all = (await other.ask('POST', '/api/jobs/actions', { action: 'cancel', filter: {} })).json();
    expect(all).toMatchObject({ done: 0, refused: [] });
    expect(
      (await mine.ask('POST', '/api/jobs/actions', { action: 'cancel', filter: {} })).json().ids,
    ).toContain(id);
  });

  test('is not found by the idempotency key of somebody else', async () => {
    const first = await jobOf(mine, { idempotency_key: 'k' });
    expect(await jobOf(other, { idempotency_key: 'k' })).not.toBe(first);
    expect(await jobOf(mine, { idempotency_key: 'k' })).toBe(first);
  });

  test('of somebody else is nothing to wait for', async () => {
    const answer = await enqueue(other, { depends_on: [await jobOf(mine)] });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_request']);
    expect(answer.json().detail).toContain('does not exist');
  });

  test('is told of in the stream of its owner only', async () => {
    const origin = await server.listen();
    const abort = new AbortController();
    const heard = async (person: Person) => {
      const answer = await fetch(`${origin}/api/events`, {
        headers: { authorization: `Bearer ${person.token}` },
        signal: abort.signal,
      });
      let text = '';
      void (async () => {
        for await (const part of (answer.body as ReadableStream<Uint8Array>).pipeThrough(
          new TextDecoderStream(),
        ))
          text += part;
      })().catch(() => {});
      return () => text;
    };
    const [own, others, all] = await Promise.all([heard(mine), heard(other), heard(admin)]);
    const id = await jobOf(mine);
    const ofOther = await jobOf(other);
    await expect.poll(() => own().includes(id) && others().includes(ofOther), { timeout: 15_000 }).toBe(true);
    await expect.poll(() => all().includes(id) && all().includes(ofOther), { timeout: 15_000 }).toBe(true);
    expect(others()).not.toContain(id);
    expect(own()).not.toContain(ofOther);
    abort.abort();
  });
});

describe('a file', () => {
  test('is input for its owner and for administrators', async () => {
    const file = (await upload(mine)).json();
    expect((await shout(mine, file.file_id)).statusCode).toBe(200);
    expect((await shout(admin, file.path)).statusCode).toBe(200);
    for (const reference of [file.file_id, file.path]) {
      const refused = (await shout(other, reference)).json();
      expect([refused.code, refused.detail]).toEqual(['input_not_found', `There is no file "${reference}".`]);
    }
    expect((await other.ask('GET', `/api/files/${file.file_id}/info`)).statusCode).toBe(404);
    expect((await other.ask('POST', '/api/files/info', { path: file.path })).statusCode).toBe(404);
  });

  test('that nobody has uploaded is for administrators', async () => {
    expect((await shout(mine, '/data/input/nobodys.txt')).json().code).toBe('input_not_found');
    expect((await shout(admin, '/data/input/nobodys.txt')).statusCode).toBe(200);
  });

  test('is not overwritten by others, nor read by them, once it is an output', async () => {
    const output_path = '/data/output/report.bin';
    expect((await enqueue(mine, { output_path })).statusCode).toBe(200);
    expect((await enqueue(other, { output_path })).json().code).toBe('output_exists');
    expect((await enqueue(other, { output_path: `${output_path}/below.bin` })).json().code).toBe(
      'output_exists',
    );
    expect((await shout(other, output_path)).json().code).toBe('input_not_found');
    expect((await enqueue(mine, { output_path })).statusCode).toBe(200);
    await writeFile(join(server.root, 'output/there.bin'), 'x');
    expect((await enqueue(mine, { output_path: '/data/output/there.bin' })).json().code).toBe(
      'output_exists',
    );
  });

  test('stays whose it is, whoever says it is theirs, and is counted once', async () => {
    const file = (await upload(mine)).json();
    const { files } = security();
    const caller = (person: Person) => callerOf(person.key);
    await files.uploaded(caller(mine), file.path, 9);
    await expect(files.uploaded(caller(other), file.path, 9)).rejects.toMatchObject({
      code: 'input_not_found',
    });
    await expect(
      noteUpload({ ...server, security: security(), config: {} as never }, caller(other), file),
    ).rejects.toThrow();
    expect(await server.storage.stat(file.path)).not.toBeNull();
    expect((await shout(mine, file.file_id)).statusCode).toBe(200);
    expect((await shout(other, file.file_id)).statusCode).toBe(404);
  });

  test('counts against the quota of its owner, before and while it comes in', async () => {
    const small = await server.person({ quota_bytes: 30 });
    expect((await upload(small, 'x'.repeat(20))).statusCode).toBe(200);
    const tooMuch = await upload(small, 'x'.repeat(20));
    expect([tooMuch.statusCode, tooMuch.json().code]).toEqual([413, 'quota_exceeded']);
    const first = (await upload(small, 'x'.repeat(10))).json();
    expect((await upload(small, 'x')).json().code).toBe('quota_exceeded');
    // Room again, however the file went.
    await server.storage.remove(first.path);
    expect((await upload(small, 'x'.repeat(10))).statusCode).toBe(200);
    expect((await upload(mine, 'x'.repeat(1000))).statusCode).toBe(200);
    expect((await server.files('input')).filter((name) => name.includes('.incoming'))).toEqual([]);
  });
});
