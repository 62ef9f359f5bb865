import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { testFolder } from './fixtures/hosts.ts';
import { isAlive, until } from './fixtures/processes.ts';

const PARENT = fileURLToPath(new URL('./fixtures/parent.ts', import.meta.url));

it.each(['SIGKILL', 'SIGTERM', 'SIGSEGV'] as const)(
  'a parent that dies of %s leaves no child, not even one inside a native call',
  async (signal) => {
    const parent = spawn(process.execPath, [PARENT, 'hang', await testFolder()], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(parent.stdout, 'data');
    const child = Number(line);
    expect(isAlive(child)).toBe(true);
    parent.kill(signal);
    await once(parent, 'exit');
    await until(() => !isAlive(child), 1000);
  },
);
