/** API keys: who gets in, and what with. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiKeys } from '../../src/auth/keys.ts';
import openSqliteLedger from '../../src/ledger/drivers/sqlite.ts';
import { type KeyedServer, startKeyed } from './fixtures/keyed.ts';

let server: KeyedServer;
beforeEach(async () => {
  server = await startKeyed();
});
afterEach(() => server.close());

const OPEN = ['/healthz', '/readyz', '/api/session'];

/** Method and address of every route, params filled in. */
function routes(): [string, string][] {
  const lines = server.app.printRoutes({ commonPrefix: false }).split('\n');
  const parts: string[] = [];
  return lines.flatMap((line) => {
    const [, indent = '', path = '', methods = ''] = /^([│ ]*)[├└]── (\S*) \(([A-Z, ]+)\)/.exec(line) ?? [];
    if (methods === '') return [];
    parts.length = indent.length / 4;
    parts.push(path);
    // The tree leaves out some of the slashes between its parts.
    const there = (url: string) =>
      methods.split(', ').some((method) => server.app.hasRoute({ method: method as 'GET', url }));
    const pattern = [parts.join(''), parts.join('/').replaceAll('//', '/')].find(there);
    if (pattern === undefined) return [];
    const url = pattern.replace(/:[a-z_]+/g, 'x').replace('*', 'x');
    return methods.split(', ').map((method): [string, string] => [method, url]);
  });
}

describe('40 as soon as there is a key', () => {
  test('every route but health wants one: missing, wrong and revoked ones are 401', async () => {
    await server.app.ready();
    const someone = await server.person({ scopes: ['admin'] });
    await apiKeys(server.ledger).revoke(someone.key.id);
    const all = routes().filter(([, url]) => /^\/(api|metrics|openapi)/.test(url) && !OPEN.includes(url));
    expect(all.length).toBeGreaterThan(40);
    expect(all.map(([, url]) => url)).toContain('/api/jobs/x/output');
    for (const [method, url] of all) {
      expect([method, url, (await server.ask(method, url)).statusCode]).toEqual([method, url, 401]);
    }
    for (const authorization of [
      'Bearer x',
      `Bearer ${someone.token}`,
      `Bearer mill_${someone.key.id}_${'a'.repeat(43)}`,
    ]) {
      const answer = await server.ask('GET', '/api/jobs', undefined, { authorization });
      expect([answer.statusCode, answer.json().code]).toEqual([401, 'unauthorized']);
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    }
    expect((await server.ask('GET', '/docs/')).statusCode).toBe(401);
    for (const url of OPEN) expect((await server.ask('GET', url)).statusCode).toBe(200);
  });

  test('made or revoked by another process, at once', async () => {
    expect((await server.ask('GET', '/api/jobs')).statusCode).toBe(200);
    const other = await openSqliteLedger({ database: join(server.root, 'keys.db') });
    const keys = apiKeys(other);
    const { key, token } = await keys.create({ name: 'first', scopes: ['read'] });
    expect((await server.ask('GET', '/api/jobs')).statusCode).toBe(401);
    const headers = { 'x-api-key': token };
    expect((await server.ask('GET', '/api/jobs', undefined, headers)).statusCode).toBe(200);
    await keys.revoke(key.id);
    expect((await server.ask('GET', '/api/jobs', undefined, headers)).statusCode).toBe(401);
    // The last key is gone: that opens nothing.
    expect((await server.ask('GET', '/api/jobs')).statusCode).toBe(401);
    await other.close();
  });

  test('what is stored is not the key', async () => {
    const { token } = await server.person();
    const stored = JSON.stringify(await server.ledger.list('keys', { limit: 10, order: 'ascending' }));
    expect(stored).not.toContain(token.slice(-43));
    expect((await server.person({ scopes: ['admin'] })).key).not.toHaveProperty('hash');
  });

  test('an API cannot make the first one, and lists them without what they are', async () => {
    expect((await server.ask('POST', '/api/keys', { name: 'mine' })).json().code).toBe('forbidden');
    const admin = await server.person({ scopes: ['admin'] });
    const made = (await admin.ask('POST', '/api/keys', { name: 'new', scopes: ['read'] })).json();
    expect(made.token).toMatch(/^mill_/);
    const { body } = await admin.ask('GET', '/api/keys');
    expect(body).not.toContain(made.token.slice(-43));
    expect(body).not.toContain('whsec_');
    expect((await admin.ask('DELETE', `/api/keys/${made.key.id}`)).json().revoked_at).not.toBeNull();
    expect((await server.ask('GET', '/api/jobs', undefined, { 'x-api-key': made.token })).statusCode).toBe(
      401,
    );
  });
});

describe('scopes', () => {
  test('say what a key may do', async () => {
    const reader = await server.person({ scopes: ['read'] });
    const submitter = await server.person({ scopes: ['submit'] });
    const admin = await server.person({ scopes: ['admin'] });
    const job = { task: 'make_noise', params: { size: 1 } };
    const statuses = async (method: string, url: string, payload?: unknown) => [
      (await reader.ask(method, url, payload)).statusCode,
      (await submitter.ask(method, url, payload)).statusCode,
      (await admin.ask(method, url, payload)).statusCode,
    ];
    expect(await statuses('GET', '/api/jobs')).toEqual([200, 403, 200]);
    expect(await statuses('POST', '/api/enqueue', job)).toEqual([403, 200, 200]);
    for (const url of ['/metrics', '/api/keys', '/api/workers']) {
      expect([url, ...(await statuses('GET', url))]).toEqual([url, 403, 403, 200]);
    }
    expect(await statuses('POST', '/api/queue/resume')).toEqual([403, 403, 200]);
    const refused = (await reader.ask('POST', '/api/enqueue', job)).json();
    expect(refused).toMatchObject({ code: 'forbidden', scope: 'submit' });
  });
});

describe('the session of the page', () => {
  test('is a cookie that no script reads and no other site sends', async () => {
    expect((await server.ask('GET', '/api/session')).json()).toMatchObject({ required: false });
    const someone = await server.person({ name: 'page' });
    expect((await server.ask('GET', '/api/session')).json()).toEqual({
      required: true,
      name: null,
      scopes: [],
    });
    expect((await server.ask('POST', '/api/session', { key: 'mill_wrong' })).statusCode).toBe(401);
    const login = await server.ask('POST', '/api/session', { key: someone.token });
    const set = String(login.headers['set-cookie']);
    expect(set).toMatch(/^mediamill_session=[\w-]{43}; /);
    expect(set).toContain('HttpOnly');
    expect(set).toContain('SameSite=Strict');
    expect(set).not.toContain(someone.token);
    const cookie = set.split(';')[0] as string;
    expect((await server.ask('GET', '/api/jobs', undefined, { cookie })).statusCode).toBe(200);
    expect((await server.ask('GET', '/api/session', undefined, { cookie })).json()).toEqual({
      required: true,
      name: 'page',
      scopes: ['read', 'submit'],
    });
    await server.ask('DELETE', '/api/session', undefined, { cookie });
    expect((await server.ask('GET', '/api/jobs', undefined, { cookie })).statusCode).toBe(401);
  });

  test('ends with its key', async () => {
    const someone = await server.person();
    const login = await server.ask('POST', '/api/session', { key: someone.token });
    const cookie = String(login.headers['set-cookie']).split(';')[0] as string;
    await apiKeys(server.ledger).revoke(someone.key.id);
    expect((await server.ask('GET', '/api/jobs', undefined, { cookie })).statusCode).toBe(401);
  });
});

describe('39 a name that leads here', () => {
  test('but is none of this machine is refused: a site cannot make itself this server (DNS rebinding)', async () => {
    const status = async (host: string) =>
      (await server.ask('GET', '/api/jobs', undefined, { host })).statusCode;
    expect(await status('evil.example:5000')).toBe(403);
    for (const host of [
      'localhost:5000',
      '127.0.0.1:5000',
      '[::1]:5000',
      'mill.localhost',
      '192.168.1.5:5000',
    ]) {
      expect([host, await status(host)]).toEqual([host, 200]);
    }
  });
});

describe('27 the rate limit', () => {
  test('is for each key, says when to come back, and leaves health alone', async () => {
    await server.close();
    server = await startKeyed({ server: { rate_limit: 5 } });
    const one = await server.person();
    const other = await server.person();
    for (let n = 0; n < 5; n++) expect((await one.ask('GET', '/api/jobs')).statusCode).toBe(200);
    const refused = await one.ask('GET', '/api/jobs');
    expect([refused.statusCode, refused.json().code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await other.ask('GET', '/api/jobs')).statusCode).toBe(200);
    for (let n = 0; n < 10; n++) expect((await server.ask('GET', '/healthz')).statusCode).toBe(200);
  });

  test('for wrong keys from one address is small', async () => {
    await server.person();
    const codes = new Set<number>();
    for (let n = 0; n < 40; n++) {
      const answer = await server.ask('GET', '/api/jobs', undefined, { 'x-api-key': `mill_${n}` });
      codes.add(answer.statusCode);
      if (answer.statusCode === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect([...codes]).toEqual([401, 429]);
  });

  test('does not hold back the machine itself while there are no keys', async () => {
    await server.close();
    server = await startKeyed({ server: { rate_limit: 3 } });
    for (let n = 0; n < 10; n++) expect((await server.ask('GET', '/api/jobs')).statusCode).toBe(200);
  });
});
