/** A webhook outlives the program: `kill -9` at any moment loses none. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/mediamill.mjs', import.meta.url));
const JOBS = 12;

async function serve(cwd: string): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [BIN, 'serve', '--port', '0', '--log-format', 'json'], {
    cwd,
    env: { PATH: process.env.PATH, MEDIAMILL_NETWORK_ALLOW: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const url = /listening at (http:\/\/[^"\s]+)/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout?.resume();
    return { url, child };
  }
  throw new Error('the server did not start');
}

test('every job that ended is told of, signed, after the server was killed again and again', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'mill-hooks-'));
  const told = new Map<string, Set<string>>();
  let refusals = 6;
  let secret = '';
  const receiver = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    // The first ones are not heard: they are told again later, by another process.
    if (refusals-- > 0) return void response.writeHead(503).end();
    new Webhook(secret).verify(body, request.headers as Record<string, string>);
    const { data } = JSON.parse(body) as { data: { id: string } };
    const ids = told.get(data.id) ?? new Set();
    told.set(data.id, ids.add(String(request.headers['webhook-id'])));
    response.writeHead(200).end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const hook = `http://127.0.0.1:${(receiver.address() as { port: number }).port}/`;
  let server = await serve(cwd);
  try {
    const out = spawn(process.execPath, [BIN, 'webhooks', 'secret'], {
      cwd,
      env: { PATH: process.env.PATH },
    });
    for await (const part of out.stdout) secret += part;
    secret = secret.trim();
    expect(secret).toMatch(/^whsec_/);
    const jobs = Array.from({ length: JOBS }, (_, n) => ({
      task: 'sanitize_filename',
      params: { filename: `a ${n}.mp4` },
      webhook_url: hook,
      attempts: 20,
    }));
    const answer = await fetch(`${server.url}/api/enqueue/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jobs }),
    });
    const ids = ((await answer.json()) as { jobs: { job_id: string }[] }).jobs.map(({ job_id }) => job_id);
    expect(ids).toHaveLength(JOBS);
    for (const pause of [300, 900, 2500]) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      server.child.kill('SIGKILL');
      await once(server.child, 'exit');
      server = await serve(cwd);
    }
    await expect
      .poll(() => ids.filter((id) => !told.has(id)), { timeout: 120_000, interval: 250 })
      .toEqual([]);
    // Told twice perhaps, but never as two different things.
    expect([...told.values()].every((messages) => messages.size === 1)).toBe(true);
    const { deliveries } = (await (
      await fetch(`${server.url}/api/webhooks/deliveries?limit=200`)
    ).json()) as {
      deliveries: { job_id: string }[];
    };
    expect(deliveries.map(({ job_id }) => job_id).sort()).toEqual([...ids].sort());
  } finally {
    server.child.kill('SIGTERM');
    await once(server.child, 'exit');
    receiver.closeAllConnections();
    receiver.close();
    await rm(cwd, { recursive: true, force: true });
  }
}, 240_000);
