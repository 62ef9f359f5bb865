import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { emptyFolder, mediamill, start } from './mediamill.ts';
import { kept, type Service, serve, sharedServer } from './service.ts';

async function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, signal: child.signalCode };
}

/** A file that takes minutes to read and no space. */
function endlessFile(path: string): void {
  writeFileSync(path, '');
  truncateSync(path, 100e9);
}

async function enqueue(service: Service, input: string): Promise<string> {
  const response = await fetch(`${service.url}/api/enqueue`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ task: 'calculate_sha256', input_path: input }),
  });
  return ((await response.json()) as { job_id: string }).job_id;
}

async function jobOf(service: Service, id: string): Promise<{ status: string }> {
  return (await (await fetch(`${service.url}/api/jobs/${id}`)).json()) as { status: string };
}

async function untilStatus(service: Service, id: string, status: string): Promise<void> {
  while ((await jobOf(service, id)).status !== status) await sleep(50);
}

async function jobCount(service: Service): Promise<number> {
  const answer = (await (await fetch(`${service.url}/api/jobs`)).json()) as { jobs: unknown[] };
  return answer.jobs.length;
}

describe('a server and its command line', () => {
  const shared = sharedServer();

  test('a job goes in, is watched, listed, shown, and forgotten', async () => {
    const { cli, cwd } = shared();
    writeFileSync(join(cwd, 'a.txt'), 'content\n');

    const done = await cli('enqueue', 'calculate_sha256', 'a.txt', '--upload', '--wait', '--json');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    const job = JSON.parse(done.stdout);
    expect(job).toMatchObject({ status: 'finished', task: 'calculate_sha256', attempts: 1 });

    const list = await cli('jobs');
    expect(list.stdout).toMatch(new RegExp(`^${job.id} +finished +calculate_sha256 `, 'm'));
    expect(list.stderr).toContain('1 finished');

    const show = await cli('jobs', 'show', job.id);
    expect(show.stdout).toMatch(/^status +finished$/m);
    expect(show.stdout).toMatch(/^attempts +1 of 3$/m);

    const output = join(cwd, 'data/output', job.output_path.replace('/data/output/', ''));
    expect(readFileSync(output, 'utf8')).toContain(job.result.data.hash);
    expect(await cli('jobs', 'delete', job.id, '--files')).toMatchObject({
      code: 0,
      stdout: `${job.id}  deleted\n`,
    });
    expect(existsSync(output)).toBe(false);
    expect(await cli('jobs', 'show', job.id)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('(job_not_found)'),
    });
  });

  test('an input that cannot be sent is said, and nothing is queued', async () => {
    const before = await jobCount(shared());
    for (const [path, why] of [
      ['none.txt', '"none.txt" does not exist.'],
      ['data', '"data" is not a file.'],
    ] as const) {
      const outcome = await shared().cli('enqueue', 'calculate_sha256', path, '--upload');
      expect(outcome).toMatchObject({ code: 1, stdout: '' });
      expect(outcome.stderr.split('\n')).toEqual([
        `mediamill: ${why} (input_not_found)`,
        expect.stringContaining('--upload'),
        '',
      ]);
    }
    expect(await jobCount(shared())).toBe(before);
  });

  test('a failed job fails the command that waits for it, and can be run again', async () => {
    const { cli, cwd } = shared();
    writeFileSync(join(cwd, 'data/input/film.mp4'), 'this is no film');
    writeFileSync(join(cwd, 'data/input/good.txt'), 'fine');
    const good = await enqueue(shared(), '/data/input/good.txt');
    await untilStatus(shared(), good, 'finished');
    const failed = await cli('enqueue', 'get_video_info', '/data/input/film.mp4', '--wait');
    expect(failed).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('(unsupported_media)'),
    });
    const listed = JSON.parse((await cli('jobs', 'list', '--status', 'failed', '--json')).stdout);
    const [job] = listed.jobs as { id: string; task: string }[];
    expect(listed.jobs).toEqual([expect.objectContaining({ status: 'failed', task: 'get_video_info' })]);
    const again = await cli('jobs', 'retry', job?.id ?? '');
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`^${job?.id} +queued`)),
    });
    const watched = await cli('jobs', 'watch', job?.id ?? '');
    expect(watched).toMatchObject({ code: 1, stderr: expect.stringContaining('(unsupported_media)') });
    // The list of what has failed is to hold one again, should this be run a second time.
    await fetch(`${shared().url}/api/jobs/${job?.id}`, { method: 'DELETE' });
  });

  test('what the server refuses is wrong usage here', async () => {
    const { cli } = shared();
    const request = { task: 'calculate_sha256', input_path: '../../etc/passwd', priority: 200 };
    expect(await cli('enqueue', JSON.stringify(request))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('(invalid_request)'),
    });
    expect(await cli('enqueue', 'calculate_sha256', '/etc/passwd')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('(path_outside_storage)'),
    });
  });

  test('several jobs are canceled in one call, and the one that cannot be is told', async () => {
    const { cli, cwd, url } = shared();
    writeFileSync(join(cwd, 'data/input/a.txt'), '');
    // So that they wait to be canceled.
    await fetch(`${url}/api/queue/pause`, { method: 'POST' });
    const call = ['enqueue', 'calculate_sha256', '/data/input/a.txt', '--priority', '10', '--json'];
    const ids = [
      JSON.parse((await cli(...call)).stdout).job_id as string,
      await enqueue(shared(), '/data/input/a.txt'),
    ];
    expect(await jobOf(shared(), ids[0] ?? '')).toMatchObject({ status: 'queued', priority: 10 });
    const { code, stdout, stderr } = await cli('jobs', 'cancel', ...ids, 'none');
    await fetch(`${url}/api/queue/resume`, { method: 'POST' });
    expect(code).toBe(1);
    expect(stdout).toBe(ids.map((id) => `${id}  canceled\n`).join(''));
    expect(stderr).toContain('(job_not_found)');
  });

  test('doctor looks at the same queue and storage', async () => {
    const { stdout } = await shared().cli('doctor', '--json');
    const { findings, encoders, settings } = JSON.parse(stdout);
    const states = Object.fromEntries(
      findings.map(({ check, state }: { check: string; state: string }) => [check, state]),
    );
    expect(states).toMatchObject({ runtime: 'ok', ffmpeg: 'ok', queue: 'ok', storage: 'ok' });
    expect(encoders).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'libx264', works: true })]),
    );
    expect(settings.origins['server.port']).toBe('default');
  });

  test('a second server on the same port says so in one line', async () => {
    const port = new URL(shared().url).port;
    const { code, stderr } = await mediamill(['serve', '--port', port, '--log-level', 'silent'], {
      cwd: emptyFolder(),
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^mediamill: Port ${port} on 127\\.0\\.0\\.1 is taken.*\\n$`));
  });
});

describe('addresses', () => {
  test('an address that everybody can reach wants a key, or somebody to say that it need not', async () => {
    const cwd = emptyFolder();
    const public_ = ['serve', '--port', '0', '--host', '0.0.0.0'];
    const refused = await mediamill(public_, { cwd });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/no API keys\. Make one with `mediamill keys create .*--insecure/);

    const said = await untilListening(kept(start([...public_, '--insecure'], { cwd })));
    expect(said).toContain('whoever reaches this port');

    expect((await mediamill(['keys', 'create', '--name', 'first'], { cwd })).code).toBe(0);
    expect(await untilListening(kept(start(public_, { cwd })))).not.toContain('whoever reaches this port');
  });

  /** What it printed until then. */
  async function untilListening(child: ReturnType<typeof start>): Promise<string> {
    let text = '';
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      text += line;
      if (/listening at/i.test(line)) break;
    }
    return text;
  }
});

describe('stopping', () => {
  test('a running job goes back to the queue when its time is over, and another worker takes it', async () => {
    const service = await serve([], { MEDIAMILL_PROCESSING_DRAIN_SECONDS: '0.2' });
    const { cwd, child } = service;
    const input = join(cwd, 'data/input/big');
    endlessFile(input);
    const id = await enqueue(service, '/data/input/big');
    await untilStatus(service, id, 'started');
    child.kill('SIGTERM');
    // The same Ctrl-C arrives twice under npm.
    child.kill('SIGTERM');
    expect(await ended(child)).toEqual({ code: 0, signal: null });
    expect(service.stderr()).toContain('stopping');

    writeFileSync(input, 'x');
    const next = await serve(['--no-worker', ...placesIn(cwd)]);
    expect(await jobOf(next, id)).toMatchObject({ status: 'queued', attempts: 0 });

    const worker = kept(start(['worker'], { cwd }));
    worker.stdout?.resume();
    await untilStatus(next, id, 'finished');
    worker.kill('SIGTERM');
    next.child.kill('SIGINT');
    next.child.kill('SIGINT');
    expect(await ended(worker)).toEqual({ code: 0, signal: null });
    expect(await ended(next.child)).toEqual({ code: 0, signal: null });
    expect(next.stderr()).toContain('stopping');
  });

  test('a second, later signal ends it at once', async () => {
    const service = await serve();
    endlessFile(join(service.cwd, 'data/input/big'));
    await untilStatus(service, await enqueue(service, '/data/input/big'), 'started');
    service.child.kill('SIGTERM');
    await sleep(1200);
    expect(service.child.exitCode).toBeNull();
    service.child.kill('SIGTERM');
    expect(await ended(service.child)).toEqual({ code: 128 + 15, signal: null });
  });
});

/** Queue and storage of a server in another folder. */
function placesIn(cwd: string): string[] {
  const data = join(cwd, 'data');
  return [
    ...['--database', join(data, 'mediamill.db')],
    ...['--input-path', join(data, 'input'), '--output-path', join(data, 'output')],
  ];
}
