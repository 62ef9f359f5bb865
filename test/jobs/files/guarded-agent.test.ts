/** Case 30 of security.md: names that resolve to something else the second time. */

import type { Dispatcher } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { createGuardedAgent, type GuardedAgentOptions } from '../../../src/network/guarded-agent.ts';
import { discard, guardedGet } from '../../../src/network/guarded-get.ts';
import { fileServer } from './file-server.ts';
import { failureOf } from './job-run.ts';

const agents: Dispatcher[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.destroy();
});

async function get(url: string, options: GuardedAgentOptions): Promise<string> {
  const dispatcher = createGuardedAgent(options);
  agents.push(dispatcher);
  const signal = AbortSignal.timeout(5000);
  const answer = await guardedGet(url, { dispatcher, headers: {}, signal });
  const text = await answer.body.text();
  discard(answer.body);
  return text;
}

describe('30 DNS rebinding', () => {
  it('resolves once and connects to the address it checked', async () => {
    const wanted = await fileServer((_request, response) => response.end('wanted'), '127.0.0.1');
    const asked: string[] = [];
    const resolve = async (hostname: string) => {
      asked.push(hostname);
      // Allowed the first time, the neighbour's service from then on.
      return [asked.length === 1 ? '127.0.0.1' : '127.0.0.2'];
    };
    const url = `http://rebind.example:${wanted.port}/`;
    expect(await get(url, { allow: ['127.0.0.1'], resolve })).toBe('wanted');
    expect(asked).toEqual(['rebind.example']);
  });

  it('checks again for every hop and every connection', async () => {
    const secret = await fileServer((_request, response) => response.end('secret'), '127.0.0.2');
    const first = await fileServer((_request, response) => {
      response.writeHead(302, { location: `http://rebind.example:${secret.port}/` }).end();
    });
    let answers = 0;
    const resolve = async () => {
      answers += 1;
      return [answers === 1 ? '127.0.0.1' : '127.0.0.2'];
    };
    const url = `http://rebind.example:${first.port}/`;
    await failureOf(get(url, { allow: ['127.0.0.1'], resolve }), 'blocked_address');
    expect(secret.requests).toEqual([]);
  });

  it('refuses a name when one of its addresses is refused, wherever it stands', async () => {
    const server = await fileServer((_request, response) => response.end('x'));
    const url = `http://mixed.example:${server.port}/`;
    for (const addresses of [
      ['127.0.0.1', '127.0.0.2'],
      ['127.0.0.2', '127.0.0.1'],
      ['8.8.8.8', '::ffff:10.0.0.1', '127.0.0.1'],
    ]) {
      const failure = await failureOf(
        get(url, { allow: ['127.0.0.1'], resolve: async () => addresses }),
        'blocked_address',
      );
      expect(failure.message).toMatch(/^"mixed\.example" resolves to a (loopback|private) address\.$/);
    }
    expect(server.requests).toEqual([]);
  });

  it('does not tell which address of the inner network a name has', async () => {
    const resolve = async () => ['10.11.12.13'];
    const failure = await failureOf(
      get('http://intranet.example/', { allow: [], resolve }),
      'blocked_address',
    );
    expect(JSON.stringify(failure.toFailure())).not.toMatch('10.11.12.13');
  });
});

describe('several addresses', () => {
  it('are tried one after the other', async () => {
    const server = await fileServer((_request, response) => response.end('second'), '127.0.0.1');
    const resolve = async () => ['127.0.0.3', '127.0.0.1'];
    expect(await get(`http://two.example:${server.port}/`, { allow: ['127.0.0.0/8'], resolve })).toBe(
      'second',
    );
  });

  it('none at all is a failure', async () => {
    await failureOf(get('http://none.example/', { allow: [], resolve: async () => [] }), 'download_failed');
  });
});
