import { MillError } from '../core/errors.ts';
import type { Ledger } from '../ledger/port.ts';
import type { Queue } from '../queue/port.ts';
import type { Storage } from '../storage/port.ts';
import { composeRegistry } from './registry.ts';

/** The OpenAPI document, without a server, a queue or a storage behind it. */
export async function openApiDocument(version: string): Promise<unknown> {
  const [{ createApp }, { loadConfig }] = await Promise.all([
    import('../server/app.ts'),
    import('../core/config-load.ts'),
  ]);
  const app = createApp({
    queue: absent<Queue>('queue'),
    ledger: absent<Ledger>('ledger'),
    storage: absent<Storage>('storage'),
    registry: await composeRegistry(),
    config: loadConfig({}).config,
    version,
  });
  try {
    await app.ready();
    return app.swagger();
  } finally {
    await app.close();
  }
}

/** Stands for a part that is only described, never used. */
function absent<T extends object>(name: string): T {
  return new Proxy({} as T, {
    get(_, property) {
      throw new MillError('internal', `The ${name} was asked for ${String(property)} without being there.`);
    },
  });
}
