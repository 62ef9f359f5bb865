/** The HTTP side of the program: puts plugins, guards and routes together. Listens to nothing by itself. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import multipart from '@fastify/multipart';
import staticFiles from '@fastify/static';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  LogController,
} from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Config } from '../core/config.ts';
import type { Registry } from '../core/registry.ts';
import type { Queue } from '../queue/port.ts';
import type { Storage } from '../storage/port.ts';
import type { Context } from './context.ts';
import { createEventHub } from './event-hub.ts';
import { addGuards } from './guards.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { addMetrics } from './metrics.ts';
import { addOpenApi } from './openapi.ts';
import { answerBrokenRequest, fromThrown, sendProblem } from './problems.ts';
import { eventRoutes } from './routes/events.ts';
import { jobActionRoutes } from './routes/job-actions.ts';
import { jobRoutes } from './routes/jobs.ts';
import { outputRoutes } from './routes/outputs.ts';
import { submissionRoutes } from './routes/submissions.ts';
import { systemRoutes } from './routes/system.ts';
import { uploadRoutes } from './routes/uploads.ts';
import { answerUnmatched } from './unmatched.ts';
import { validatorCompiler } from './validation.ts';

export interface AppOptions {
  queue: Queue;
  storage: Storage;
  registry: Registry;
  config: Config;
  /** Pino or alike; without one nothing is logged. */
  logger?: FastifyBaseLogger;
  version: string;
  /** Changes to {@link DEFAULT_LIMITS}. */
  limits?: Partial<Limits>;
  /** Folder of the page; default `web/` of the package. */
  webRoot?: string;
}

/** From `src/server/` as well as from `dist/server/`. */
const WEB_ROOT = fileURLToPath(new URL('../../web/', import.meta.url));
const HEADER_BYTES = 16 * 1024;
/** How often Node looks for connections whose header is late. */
const CONNECTION_CHECK_MS = 1000;

/** Call `listen` or `inject` on the answer; `close` ends event streams and waits for requests. */
export function createApp(options: AppOptions): FastifyInstance {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const app = Fastify({
    ...(options.logger ? { loggerInstance: options.logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.config.server.max_body_bytes,
    connectionTimeout: limits.idle_ms,
    keepAliveTimeout: limits.keep_alive_ms,
    http: {
      headersTimeout: limits.header_ms,
      connectionsCheckingInterval: Math.min(CONNECTION_CHECK_MS, limits.header_ms),
      maxHeaderSize: HEADER_BYTES,
    },
    genReqId: () => randomUUID(),
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error: FastifyError, request, reply) => {
      sendProblem(request, reply, fromThrown(error));
    },
  }).withTypeProvider<ZodTypeProvider>();
  const context: Context = {
    ...options,
    limits,
    hub: createEventHub(options.queue, app.log),
    startedAt: new Date(),
  };

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, fromThrown(error)));
  answerUnmatched(app);
  logRequests(app);
  addGuards(app, limits);
  const metrics = addMetrics(app, context);
  addOpenApi(app, options.registry, options.version);
  // The storage counts the bytes itself, and says so in the words of the error table.
  app.register(multipart, { throwFileSizeLimit: false });
  app.register(async (routes) => {
    const typed = routes.withTypeProvider<ZodTypeProvider>();
    uploadRoutes(typed, context);
    submissionRoutes(typed, context);
    jobRoutes(typed, context);
    jobActionRoutes(typed, context);
    outputRoutes(typed, context);
    eventRoutes(typed, context);
    systemRoutes(typed, context, metrics);
  });
  servePage(app, options.webRoot ?? WEB_ROOT);
  app.addHook('preClose', async () => context.hub.close());
  return app;
}

function servePage(app: FastifyInstance, root: string): void {
  if (!existsSync(root)) {
    app.log.warn('there is no page: the folder web/ is missing');
    return;
  }
  // Asked for anew each time, answered with 304: a new version shows at once.
  app.register(staticFiles, { root, wildcard: false, maxAge: 0 });
}

function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, url } = request;
    const level = reply.statusCode >= 500 ? 'error' : method === 'GET' ? 'debug' : 'info';
    request.log[level](
      { method, url, status: reply.statusCode, duration_ms: Math.round(reply.elapsedTime) },
      'request',
    );
  });
}
