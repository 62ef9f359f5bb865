import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startKeyed } from './fixtures/keyed.ts';

test('every change is one line: who, what, about which job; never the key', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mill-audit-'));
  const file = join(folder, 'audit.jsonl');
  const server = await startKeyed({ logging: { audit: file } });
  const someone = await server.person({ name: 'nightly import' });
  const { job_id } = (
    await someone.ask('POST', '/api/enqueue', { task: 'make_noise', params: { size: 1 } })
  ).json();
  await someone.ask('GET', `/api/jobs/${job_id}`);
  await someone.ask('POST', `/api/jobs/${job_id}/cancel`);
  await server.ask('POST', '/api/enqueue', { task: 'make_noise', params: {} });
  await server.close();
  const text = await readFile(file, 'utf8');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    {
      name: 'nightly import',
      key: someone.key.id,
      method: 'POST',
      route: '/api/enqueue',
      about: [job_id],
      status: 200,
    },
    { name: 'nightly import', route: '/api/jobs/:id/cancel', about: [job_id], status: 200 },
    { name: null, key: null, route: '/api/enqueue', about: [], status: 401 },
  ]);
  expect(text).not.toContain(someone.token.slice(-43));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await rm(folder, { recursive: true });
});
