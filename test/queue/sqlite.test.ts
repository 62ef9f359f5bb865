import { queueContract } from '../contracts/queue.ts';
import { createStore } from './sqlite-store.ts';

queueContract('sqlite', async () => {
  const store = await createStore();
  return { open: () => store.open(), leaseMs: 800, recoveryMs: 1500, dispose: () => store.dispose() };
});
