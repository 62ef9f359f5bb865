import { createRegistry, type Registry } from '../core/registry.ts';

/** Of all jobs there are. */
export async function composeRegistry(): Promise<Registry> {
  const { jobs } = await import('../jobs/index.gen.ts');
  return createRegistry(jobs);
}
