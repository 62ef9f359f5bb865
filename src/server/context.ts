/** What the routes work with; handed to each of them, never imported. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { FileOwners } from '../auth/files.ts';
import type { ApiKeys } from '../auth/keys.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { Config } from '../core/config.ts';
import type { Registry } from '../core/registry.ts';
import type { Previews } from '../previews/port.ts';
import type { Queue } from '../queue/port.ts';
import type { Recipes } from '../recipes/port.ts';
import type { Storage } from '../storage/port.ts';
import type { Deliveries } from '../webhooks/deliveries.ts';
import type { EventHub } from './event-hub.ts';
import type { Limits } from './limits.ts';

/** Who may do what. */
export interface Security {
  keys: ApiKeys;
  sessions: Sessions;
  files: FileOwners;
}

export interface Context {
  queue: Queue;
  storage: Storage;
  registry: Registry;
  previews: Previews;
  recipes: Recipes;
  security: Security;
  deliveries: Deliveries;
  config: Config;
  version: string;
  limits: Limits;
  hub: EventHub;
  startedAt: Date;
}

/** A Fastify instance whose routes are typed by their zod schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  RawReplyDefaultExpression<RawServerDefault>,
  FastifyBaseLogger,
  ZodTypeProvider
>;
