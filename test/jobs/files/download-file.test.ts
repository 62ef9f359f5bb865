import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import job from '../../../src/jobs/acquisition/download_file.ts';
import { fileServer, type Handler, serveFile } from './file-server.ts';
import { failureOf, runJob } from './job-run.ts';

const ALLOW = ['127.0.0.1'];
const BODY = randomBytes(3_000_000);
const SHA256 = createHash('sha256').update(BODY).digest('hex');

function get(
  url: string,
  params: Record<string, unknown> = {},
  rest: { allow?: string[]; signal?: AbortSignal } = {},
) {
  return runJob(job, { output: 'video.mp4', params: { url, ...params }, allow: ALLOW, ...rest });
}

/** Downloads what `handler` serves. */
async function getFrom(handler: Handler, params: Record<string, unknown> = {}) {
  const server = await fileServer(handler);
  const done = await get(`${server.origin}/video.mp4`, params);
  return { ...done, server, bytes: await readFile(done.output) };
}

async function failFrom(handler: Handler, code: Parameters<typeof failureOf>[1], params = {}) {
  const server = await fileServer(handler);
  return { failure: await failureOf(get(`${server.origin}/video.mp4`, params), code), server };
}

describe('a download', () => {
  it('arrives, is measured and hashed, and tells where it came from', async () => {
    const lastModified = 'Tue, 14 Nov 2023 22:13:20 GMT';
    const { bytes, report, progress, server } = await getFrom(serveFile({ body: BODY, lastModified }), {
      sha256: SHA256.toUpperCase(),
    });
    expect(bytes.equals(BODY)).toBe(true);
    expect(report.data).toEqual({
      url: `${server.origin}/video.mp4`,
      final_url: `${server.origin}/video.mp4`,
      size_bytes: BODY.length,
      sha256: SHA256,
      content_type: 'video/mp4',
      last_modified: lastModified,
      redirects: 0,
      resumed: 0,
      restarted: 0,
    });
    expect(progress.at(-1)).toMatchObject({ percent: 100, bytes_done: BODY.length });
  });

  it('of an empty file gives an empty file', async () => {
    const { bytes, report } = await getFrom(serveFile({ body: Buffer.alloc(0) }));
    expect(bytes.length).toBe(0);
    expect(report.data).toMatchObject({ size_bytes: 0 });
  });

  it('without a declared length is taken as it comes', async () => {
    const { bytes } = await getFrom((_request, response) => {
      response.writeHead(200);
      response.write(BODY.subarray(0, 1_000_000));
      response.end(BODY.subarray(1_000_000));
    });
    expect(bytes.equals(BODY)).toBe(true);
  });

  it('reports at least once a second while it is slow', async () => {
    const times: number[] = [];
    const server = await fileServer((_request, response) => {
      response.writeHead(200, { 'content-length': 3000 });
      response.write(Buffer.alloc(1000));
      setTimeout(() => response.end(Buffer.alloc(2000)), 2200);
    });
    const params = { url: `${server.origin}/slow` };
    await runJob(job, { output: 'a', params, allow: ALLOW, onProgress: () => times.push(performance.now()) });
    const gaps = times.slice(1).map((time, index) => time - (times[index] as number));
    expect(Math.max(...gaps)).toBeLessThan(1000);
    expect(times.length).toBeGreaterThanOrEqual(5);
  });
});

describe('a broken connection', () => {
  it.each([
    ['a strong tag', { etag: '"v1"' }],
    ['a date', { lastModified: 'Tue, 14 Nov 2023 22:13:20 GMT' }],
    ['a date beside a weak tag', { etag: 'W/"v1"', lastModified: 'Tue, 14 Nov 2023 22:13:20 GMT' }],
  ])('twice: goes on where it was, with %s', async (_what, validators) => {
    const served = { body: BODY, cutAfter: [1_000_000, 700_000], ...validators };
    const { bytes, report, server, logs } = await getFrom(serveFile(served), { sha256: SHA256 });
    expect(bytes.equals(BODY)).toBe(true);
    expect(report.data).toMatchObject({ resumed: 2, restarted: 0 });
    const [first, second, third] = server.requests;
    expect(server.requests).toHaveLength(3);
    expect(first).toMatchObject({ range: null, ifRange: null });
    for (const request of [second, third]) {
      expect(request?.range).toMatch(/^bytes=[1-9]\d*-$/);
      expect(request?.ifRange).toBe('lastModified' in validators ? validators.lastModified : '"v1"');
    }
    expect(logs[0]).toMatch(/The server closed the connection\. .* received; next attempt in 250 ms\./);
  });

  it.each([
    ['the server ignores ranges', { etag: '"v1"', ignoreRange: true }],
    ['there is only a weak tag', { etag: 'W/"v1"' }],
    ['there is nothing to tell versions apart', {}],
  ])('begins again where %s', async (_what, how) => {
    const { bytes, report } = await getFrom(serveFile({ body: BODY, cutAfter: [1_000_000], ...how }));
    expect(bytes.equals(BODY)).toBe(true);
    expect(report.data).toMatchObject({ resumed: 0, restarted: 1, sha256: SHA256 });
  });

  it('begins again when the file has changed in between, longer or shorter', async () => {
    for (const size of [4_000_000, 400_000]) {
      const later = randomBytes(size);
      const served = { body: BODY, etag: '"v1"', cutAfter: [1_000_000] as (number | undefined)[] };
      const serve = serveFile(served);
      const { bytes, report } = await getFrom((request, response) => {
        if (request.headers.range) Object.assign(served, { body: later, etag: '"v2"' });
        serve(request, response);
      });
      expect(bytes.equals(later)).toBe(true);
      expect(report.data).toMatchObject({ restarted: 1, size_bytes: size });
    }
  });

  it.each([
    ['another part', 'bytes 5-2999999/3000000', '"v1"'],
    ['another size', 'bytes START-3999999/4000000', '"v1"'],
    ['another version', 'bytes START-2999999/3000000', '"v2"'],
    ['nonsense', 'bytes all', '"v1"'],
  ])('is not mended with %s', async (_what, contentRange, etag) => {
    const serve = serveFile({ body: BODY, etag: '"v1"', cutAfter: [1_000_000] });
    await failFrom((request, response) => {
      const start = /\d+/.exec(request.headers.range ?? '')?.[0];
      if (start === undefined) return serve(request, response);
      response.writeHead(206, { etag, 'content-range': contentRange.replace('START', start) });
      response.end(BODY.subarray(Number(start)));
    }, 'download_refused');
  });

  it('right before the end of a file without a length is noticed', async () => {
    let first = true;
    const { bytes, server } = await getFrom((_request, response) => {
      const cut = first;
      first = false;
      response.writeHead(200);
      response.write(BODY.subarray(0, 2_000_000), () => {
        if (cut) setTimeout(() => response.destroy(), 20);
        else response.end(BODY.subarray(2_000_000));
      });
    });
    expect(bytes.equals(BODY)).toBe(true);
    expect(server.requests).toHaveLength(2);
  });

  it('every time, with nothing gained, is given up', async () => {
    const started = performance.now();
    const { failure, server } = await failFrom((_request, response) => response.destroy(), 'download_failed');
    expect(failure.message).toBe('The server closed the connection. Given up after 5 attempts with 0 bytes.');
    expect(failure.retryable).toBe(true);
    expect(server.requests).toHaveLength(5);
    expect(performance.now() - started).toBeLessThan(12_000);
  }, 15_000);

  it('of a busy server is followed by its Retry-After', async () => {
    let requests = 0;
    const serve = serveFile({ body: BODY });
    const { bytes } = await getFrom((request, response) => {
      requests += 1;
      if (requests === 1) response.writeHead(503, { 'retry-after': '0' }).end('busy');
      else serve(request, response);
    });
    expect(bytes.equals(BODY)).toBe(true);
  });
});

describe('29 redirects', () => {
  const redirect = (to: (path: string) => string | null): Handler => {
    const serve = serveFile({ body: BODY });
    return (request, response) => {
      const location = to(request.url ?? '');
      if (location === null) return serve(request, response);
      response.writeHead(302, { location }).end('moved');
    };
  };
  const step = (path: string) => Number(/hop(\d+)/.exec(path)?.[1] ?? 0);

  it('five are followed, and a secret in the last address is not told', async () => {
    const handler = redirect((path) => (step(path) < 5 ? `/hop${step(path) + 1}?signature=s3cret` : null));
    const { report, bytes, server } = await getFrom(handler);
    expect(bytes.equals(BODY)).toBe(true);
    expect(report.data).toMatchObject({ redirects: 5, final_url: `${server.origin}/hop5` });
    expect(JSON.stringify(report)).not.toMatch('s3cret');
  });

  it('six are refused', async () => {
    const handler = redirect((path) => (step(path) < 6 ? `/hop${step(path) + 1}` : null));
    const { failure, server } = await failFrom(handler, 'download_refused');
    expect(failure.message).toBe('The server redirects more than 5 times.');
    expect(server.requests).toHaveLength(6);
  });

  it('in a circle are refused', async () => {
    const { failure, server } = await failFrom(
      redirect((path) => (path === '/a' ? '/b' : '/a')),
      'download_refused',
    );
    expect(failure.message).toBe('The server redirects in a circle.');
    expect(server.requests.length).toBeLessThanOrEqual(3);
    await failFrom(
      redirect((path) => path),
      'download_refused',
    );
  });

  it.each([
    'http://127.0.0.2:PORT/secret',
    'http://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]:PORT/',
    'http://[::ffff:7f00:2]:PORT/',
    'http://2130706434:PORT/',
    'http://0x7f.2:PORT/',
    '//127.0.0.2:PORT/secret',
    'file:///etc/passwd',
    'ftp://example.org/a',
    'gopher://127.0.0.1/',
    'data:text/plain,x',
  ])('to %s are refused', async (target) => {
    const secret = await fileServer((_request, response) => response.end('secret'), '127.0.0.2');
    const location = target.replace('PORT', String(secret.port));
    const { failure } = await failFrom(
      redirect(() => location),
      'blocked_address',
    );
    expect(failure.retryable).toBe(false);
    expect(secret.requests).toEqual([]);
  });

  it('to what is no URL are refused', async () => {
    await failFrom(
      redirect(() => 'http://['),
      'download_refused',
    );
  });

  it('to a name with a password lose it', async () => {
    const seen: (string | undefined)[] = [];
    const server = await fileServer((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url === '/end') return serveFile({ body: BODY })(request, response);
      response.writeHead(302, { location: `http://user:pass@${request.headers.host}/end` }).end();
    });
    await get(`${server.origin}/start`);
    expect(seen).toEqual([undefined, undefined]);
  });
});

describe('28 addresses', () => {
  it.each([
    'http://127.0.0.1:PORT/',
    'http://127.1:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f000001:PORT/',
    'http://0177.0.0.1:PORT/',
    'http://017700000001:PORT/',
    'http://127.0.0.1.:PORT/',
    'http://127。0。0。1:PORT/',
    'http://localhost:PORT/',
    'http://LOCALHOST:PORT/',
    'http://0.0.0.0:PORT/',
    'http://0:PORT/',
    'http://10.0.0.1/',
    'http://172.16.5.5/',
    'http://192.168.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.64.0.1/',
    'http://168.63.129.16/',
    'http://[::1]:PORT/',
    'http://[::]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://[::ffff:7f00:1]:PORT/',
    'http://[::127.0.0.1]:PORT/',
    'http://[fc00::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://224.0.0.1/',
    'https://127.0.0.1:PORT/',
  ])('%s is refused', async (address) => {
    const server = await fileServer((_request, response) => response.end('secret'));
    const url = address.replace('PORT', String(server.port));
    const failure = await failureOf(get(url, {}, { allow: [] }), 'blocked_address');
    expect(failure.message).toMatch(/address\.$/);
    expect(server.requests).toEqual([]);
  });

  it('may be allowed one by one, by range and by name', async () => {
    const server = await fileServer(serveFile({ body: BODY }));
    for (const allow of [['127.0.0.1'], ['127.0.0.0/8'], ['10.0.0.0/8', '127.0.0.1/32']]) {
      await get(`${server.origin}/a`, {}, { allow });
    }
    await get(`http://localhost:${server.port}/a`, {}, { allow: ['localhost'] });
    await failureOf(get(`${server.origin}/a`, {}, { allow: ['10.0.0.0/8'] }), 'blocked_address');
    await failureOf(get(`${server.origin}/a`, {}, { allow: ['10.0.0.0/99'] }), 'invalid_config');
  });

  it.each([
    'file:///etc/passwd',
    'ftp://example.org/a',
    'gopher://127.0.0.1:70/_x',
    'data:text/plain,a',
    'javascript:alert(1)',
    '/etc/passwd',
    'example.org/a',
    'http://',
    'http://[::1',
    'http://user:pass@example.org/',
    'http://user@example.org/',
    '',
    `http://example.org/${'x'.repeat(9000)}`,
  ])('%s is no URL for this', async (url) => {
    const failure = await failureOf(get(url), 'invalid_params');
    expect(failure.message).toMatch('"url"');
    expect(failure.message).not.toMatch('pass@');
  });
});

describe('31 limits', () => {
  it('what is declared too large is not even begun', async () => {
    const { failure } = await failFrom(serveFile({ body: BODY }), 'download_too_large', { max_bytes: '1MB' });
    expect(failure.message).toBe('The server announces 3.00 MB; max_bytes allows 1.00 MB.');
    expect(failure.retryable).toBe(false);
  });

  it('an endless body ends at max_bytes', async () => {
    const piece = Buffer.alloc(65_536);
    const handler: Handler = (_request, response) => {
      const pour = () => {
        while (!response.destroyed && response.write(piece));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    };
    const { failure } = await failFrom(handler, 'download_too_large', { max_bytes: 2_000_000 });
    expect(failure.message).toBe('The server sends more; max_bytes allows 2.00 MB.');
  });

  it('exactly max_bytes is allowed', async () => {
    const { bytes } = await getFrom(serveFile({ body: BODY }), { max_bytes: BODY.length });
    expect(bytes.length).toBe(BODY.length);
  });

  it('more than the disk can hold is refused before it is begun', async () => {
    const handler: Handler = (_request, response) => {
      response.writeHead(200, { 'content-length': 1e13 });
      response.write('x');
    };
    const { failure } = await failFrom(handler, 'disk_full', { max_bytes: '16TB' });
    expect(failure.message).toMatch('are free');
  });

  it('a body that stalls counts as a broken connection, and is resumed', async () => {
    let requests = 0;
    const serve = serveFile({ body: BODY, etag: '"v1"' });
    const { bytes, report } = await getFrom(
      (request, response) => {
        requests += 1;
        if (requests > 1) return serve(request, response);
        response.writeHead(200, { etag: '"v1"', 'content-length': BODY.length });
        response.write(BODY.subarray(0, 1_234_567));
      },
      { idle_timeout_seconds: 0.4 },
    );
    expect(bytes.equals(BODY)).toBe(true);
    expect(report.data).toMatchObject({ resumed: 1 });
  });

  it('a body that trickles for ever ends at timeout_seconds', async () => {
    const started = performance.now();
    const { failure } = await failFrom(
      (_request, response) => {
        const timer = setInterval(() => response.write('x'), 50);
        response.on('close', () => clearInterval(timer));
      },
      'timed_out',
      { timeout_seconds: 1 },
    );
    expect(failure.message).toMatch(/^The download took longer than 1 second; \d+ bytes had arrived\.$/);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('a server that accepts and says nothing ends at timeout_seconds', async () => {
    await failFrom(() => {}, 'timed_out', { timeout_seconds: 1, idle_timeout_seconds: 0.3 });
  });

  it.each([
    [{ max_bytes: 0 }],
    [{ max_bytes: 'all' }],
    [{ timeout_seconds: 0 }],
    [{ timeout_seconds: 1e9 }],
    [{ idle_timeout_seconds: -1 }],
    [{ sha256: 'abc' }],
    [{ sha_256: SHA256 }],
  ])('%j is refused', async (params) => {
    await failureOf(get('http://example.org/', params), 'invalid_params');
  });
});

describe('what is refused', () => {
  it('a wrong checksum, with both values', async () => {
    const wrong = '0'.repeat(64);
    const { failure } = await failFrom(serveFile({ body: BODY }), 'checksum_mismatch', { sha256: wrong });
    expect(failure.facts).toMatchObject({ expected: wrong, actual: SHA256 });
  });

  it.each([400, 401, 403, 404, 410, 204, 304, 501])('status %d', async (status) => {
    const { failure, server } = await failFrom(
      (_request, response) => response.writeHead(status).end(),
      'download_refused',
    );
    expect(failure.message).toBe(`The server answers ${status}.`);
    expect(server.requests).toHaveLength(1);
  });

  it('an encoding nobody asked for', async () => {
    const { failure } = await failFrom((request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity');
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('bomb');
    }, 'download_refused');
    expect(failure.message).toMatch('gzip');
  });

  it('what is not HTTP', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.2\r\n'));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    await failureOf(get(`http://127.0.0.1:${port}/`), 'download_refused');
    await failureOf(get(`https://127.0.0.1:${port}/`), 'download_refused');
  });

  // Without any resolver the answer is "try again", which is done.
  it('a name that does not exist', async () => {
    await failureOf(get('http://nothing.invalid/'), 'download_failed');
  }, 20_000);
});

describe('cancelling', () => {
  it('in the middle leaves nothing and says why', async () => {
    const controller = new AbortController();
    const server = await fileServer((_request, response) => {
      response.writeHead(200, { 'content-length': 1e9 });
      response.write(BODY, () => setTimeout(() => controller.abort(), 50));
    });
    const started = performance.now();
    await failureOf(get(`${server.origin}/a`, {}, { signal: controller.signal }), 'canceled');
    expect(performance.now() - started).toBeLessThan(1500);
  });

  it('while it waits for the next attempt ends at once', async () => {
    const controller = new AbortController();
    const server = await fileServer((_request, response) => {
      response.writeHead(503, { 'retry-after': '20' }).end();
      setTimeout(() => controller.abort(), 50);
    });
    const started = performance.now();
    await failureOf(get(`${server.origin}/a`, {}, { signal: controller.signal }), 'canceled');
    expect(performance.now() - started).toBeLessThan(1500);
  });
});
