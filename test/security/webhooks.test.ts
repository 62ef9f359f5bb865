/** Webhooks: signed, told again until they are heard, and never told to where nobody may call. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiKeys } from '../../src/auth/keys.ts';
import { deliveries as deliveriesOf } from '../../src/webhooks/deliveries.ts';
import { type Dispatcher, startDispatcher } from '../../src/webhooks/dispatcher.ts';
import { resultOf } from '../server/fixtures/server.ts';
import { type KeyedServer, type Person, startKeyed } from './fixtures/keyed.ts';

interface Heard {
  headers: IncomingHttpHeaders;
  body: string;
}

let server: KeyedServer;
let receiver: Server;
let url: string;
let heard: Heard[];
/** Answers of the receiver in turn; then 200. */
let answers: { status: number; headers?: Record<string, string> }[];
let dispatcher: Dispatcher | undefined;
let owner: Person;

beforeEach(async () => {
  server = await startKeyed();
  owner = await server.person({ name: 'owner' });
  heard = [];
  answers = [];
  receiver = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    heard.push({ headers: request.headers, body });
    const { status, headers = {} } = answers.shift() ?? { status: 200 };
    response.writeHead(status, headers).end('ignored');
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => receiver.once('listening', listening));
  url = `http://127.0.0.1:${(receiver.address() as { port: number }).port}/hook`;
});
afterEach(async () => {
  await dispatcher?.stop();
  dispatcher = undefined;
  receiver.closeAllConnections();
  receiver.close();
  await server.close();
});

function dispatch(allow: string[] = ['127.0.0.1']): void {
  const { queue, ledger } = server;
  const quiet = { warn() {}, debug() {} };
  dispatcher = startDispatcher({
    queue,
    deliveries: deliveriesOf(ledger),
    keys: apiKeys(ledger),
    allow,
    version: 'test',
    logger: quiet,
  });
}

/** A job that has ended with this address to tell. */
async function endedJob(webhook_url: string, person = owner): Promise<string> {
  const job = {
    task: 'make_noise',
    input_path: null,
    output_path: null,
    params: {},
    webhook_url,
    owner: person.key.id,
  };
  const [record] = await server.queue.enqueue([job]);
  const claim = await server.queue.claim('test', 30_000);
  if (!record || claim?.job.id !== record.id) throw new Error('claimed another job');
  await server.queue.complete(claim, resultOf(null));
  return record.id;
}

const list = async (person = owner) =>
  (await person.ask('GET', '/api/webhooks/deliveries')).json().deliveries;
const until = (what: () => unknown) => expect.poll(what, { timeout: 25_000, interval: 50 });

describe('a webhook', () => {
  test('is signed as Standard Webhooks says, with the secret of the key, and says what became of the job', async () => {
    const id = await endedJob(url);
    dispatch();
    await until(() => heard.length).toBe(1);
    const [{ headers, body } = {} as Heard] = heard;
    const named = headers as Record<string, string>;
    expect(new Webhook(owner.webhookSecret).verify(body, named)).toMatchObject({
      type: 'job.finished',
      data: { id, status: 'finished', task: 'make_noise', result: { message: 'done' }, error: null },
    });
    expect(() => new Webhook(owner.webhookSecret).verify(`${body} `, named)).toThrow();
    const other = await server.person();
    expect(() => new Webhook(other.webhookSecret).verify(body, named)).toThrow();
    expect(body).not.toContain(owner.key.id);
    await until(async () => (await list())[0].status).toBe('delivered');
    expect((await list())[0]).toMatchObject({
      job_id: id,
      event: 'job.finished',
      url,
      attempts: [{ http_status: 200, error: null }],
      next_attempt_at: null,
    });
  });

  test('is told once, however many dispatchers there are', async () => {
    await endedJob(url);
    dispatch();
    const second = startDispatcher({
      queue: server.queue,
      deliveries: deliveriesOf(server.ledger),
      keys: apiKeys(server.ledger),
      allow: ['127.0.0.1'],
      version: 'test',
      logger: { warn() {}, debug() {} },
    });
    await until(async () => (await list())[0]?.status).toBe('delivered');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await second.stop();
    expect(heard).toHaveLength(1);
  });

  test('is told again after a failure, with the same id; and again when somebody asks', async () => {
    answers = [{ status: 500 }];
    await endedJob(url);
    dispatch();
    await until(() => heard.length).toBe(1);
    await until(async () => (await list())[0].attempts.length).toBe(1);
    expect((await list())[0]).toMatchObject({ status: 'pending', next_attempt_at: expect.any(String) });
    await until(() => heard.length).toBe(2);
    await until(async () => (await list())[0].status).toBe('delivered');
    const { id } = (await list())[0];
    expect((await owner.ask('POST', `/api/webhooks/deliveries/${id}/replay`)).json().status).toBe('pending');
    await until(() => heard.length).toBe(3);
    expect(new Set(heard.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]));
    expect(new Set(heard.map(({ body }) => body)).size).toBe(1);
    expect((await owner.ask('GET', `/api/webhooks/deliveries/${id}`)).json().payload.type).toBe(
      'job.finished',
    );
  });

  test('follows no redirects, and gives up when the receiver is gone for good', async () => {
    answers = [{ status: 302, headers: { location: `${url}/elsewhere` } }];
    await endedJob(url);
    dispatch();
    await until(async () => (await list())[0]?.attempts[0]?.http_status).toBe(302);
    expect((await list())[0].status).toBe('pending');
    answers = [{ status: 410 }];
    const { id } = (await list())[0];
    await owner.ask('POST', `/api/webhooks/deliveries/${id}/replay`);
    await until(async () => (await list())[0].status).toBe('failed');
    expect((await list())[0].next_attempt_at).toBeNull();
  });

  test('belongs to the owner of the job', async () => {
    await endedJob(url);
    dispatch();
    await until(async () => (await list())[0]?.status).toBe('delivered');
    const other = await server.person();
    const admin = await server.person({ scopes: ['admin'] });
    expect(await list(other)).toEqual([]);
    const { id } = (await list(admin))[0];
    for (const [method, path] of [
      ['GET', id],
      ['POST', `${id}/replay`],
    ] as const) {
      const answer = await other.ask(method, `/api/webhooks/deliveries/${path}`);
      expect([answer.statusCode, answer.json().code]).toEqual([404, 'delivery_not_found']);
    }
  });
});

describe('28 addresses that nobody may be sent to', () => {
  test('are refused when the job is handed in', async () => {
    const enqueue = (webhook_url: string) =>
      owner.ask('POST', '/api/enqueue', { task: 'make_noise', params: { size: 1 }, webhook_url });
    for (const bad of [
      'ftp://example.org',
      'file:///etc/passwd',
      'gopher://x',
      'example.org',
      '',
      'http://u:p@example.org/',
    ]) {
      expect([bad, (await enqueue(bad)).json().code]).toEqual([
        bad,
        bad === '' ? undefined : 'invalid_request',
      ]);
    }
    const hosts = [
      '127.0.0.1',
      '10.0.0.1',
      '169.254.169.254',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[fc00::1]',
      '2130706433',
      '0177.0.0.1',
      '0x7f.1',
    ];
    for (const host of hosts) {
      const answer = await enqueue(`http://${host}/`);
      expect([host, answer.statusCode, answer.json().code]).toEqual([host, 422, 'blocked_address']);
    }
    expect((await enqueue('https://example.org/hook')).statusCode).toBe(200);
  });

  test('are not contacted either, when a name leads there', async () => {
    await endedJob(url.replace('127.0.0.1', 'localhost'));
    dispatch([]);
    await until(async () => (await list())[0]?.status).toBe('failed');
    expect(heard).toEqual([]);
    expect((await list())[0].attempts[0].error).toContain('loopback');
  });
});

test('a key tells of each of its jobs that names no other address', async () => {
  const told = await server.person({ webhook_url: 'https://example.org/all' });
  const job = { task: 'make_noise', params: { size: 1 } };
  const id = (await told.ask('POST', '/api/enqueue', job)).json().job_id;
  expect((await server.queue.get(id))?.webhook_url).toBe('https://example.org/all');
  const named = (
    await told.ask('POST', '/api/enqueue', { ...job, webhook_url: 'https://example.net/' })
  ).json().job_id;
  expect((await server.queue.get(named))?.webhook_url).toBe('https://example.net/');
});
