/** What jobs download while they are interrupted: it takes as long as a test wants, and no work of the machine. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FileServer, fileServer } from '../jobs/files/file-server.ts';

const REPEATED = 2000;

export interface SlowSource {
  /** For workers that may fetch from it. */
  env: Record<string, string>;
  url(name: string): string;
  /** How often somebody has asked for this file. */
  asked(name: string): number;
  /** The second halves are sent, to those that wait and to all who come. */
  release(): void;
}

/** Sends half of a file at once; the other half after `pauseMs`, or when it is released. */
export async function slowSource(pauseMs?: number): Promise<SlowSource> {
  const released = Promise.withResolvers<void>();
  const server: FileServer = await fileServer(async ({ url = '/' }, response) => {
    const content = contentOf(url.slice(1));
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, content.length / 2));
    await (pauseMs === undefined ? released.promise : sleep(pauseMs));
    response.end(content.subarray(content.length / 2));
  });
  return {
    env: { MEDIAMILL_NETWORK_ALLOW: '127.0.0.1' },
    url: (name) => `${server.origin}/${name}`,
    asked: (name) => server.requests.filter(({ path }) => path === `/${name}`).length,
    release: () => released.resolve(),
  };
}

/** No two files are alike, and no half is like the other. */
export function contentOf(name: string): Buffer {
  const half = (side: string) => createHash('sha256').update(`${side} of ${name}`).digest('hex');
  return Buffer.from(half('left').repeat(REPEATED) + half('right').repeat(REPEATED));
}
