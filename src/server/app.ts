/** The HTTP side of the program: puts plugins, guards and routes together. Listens to nothing by itself. */
import { randomUUID } from 'node:crypto';
import multipart from '@fastify/multipart';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyPluginAsync,
  LogController,
} from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Registry as MetricsRegistry } from 'prom-client';
import { fileOwners } from '../auth/files.ts';
import { apiKeys } from '../auth/keys.ts';
import { sessions } from '../auth/sessions.ts';
import type { Config } from '../core/config.ts';
import type { Registry } from '../core/registry.ts';
import type { Ledger } from '../ledger/port.ts';
import type { Previews } from '../previews/port.ts';
import type { Queue } from '../queue/port.ts';
import type { Recipes } from '../recipes/port.ts';
import type { Storage } from '../storage/port.ts';
import { deliveries } from '../webhooks/deliveries.ts';
import { addAudit } from './audit.ts';
import { addAuthentication } from './auth/authenticate.ts';
import { addOwnership } from './auth/ownership.ts';
import type { Context, Security } from './context.ts';
import { createEventHub } from './event-hub.ts';
import { addGuards } from './guards.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { addMetrics } from './metrics.ts';
import { noPreviews } from './no-previews.ts';
import { noRecipes } from './no-recipes.ts';
import { addOpenApi } from './openapi.ts';
import { servePage } from './page.ts';
import { presented } from './presented-queue.ts';
import { answerBrokenRequest, fromThrown, sendProblem } from './problems.ts';
import { addRateLimits } from './rate-limits.ts';
import { type RequestTracer, traceRequests } from './request-tracer.ts';
import { directUploadRoutes } from './routes/direct-uploads.ts';
import { eventRoutes } from './routes/events.ts';
import { fileRoutes } from './routes/files.ts';
import { jobActionRoutes } from './routes/job-actions.ts';
import { jobRoutes } from './routes/jobs.ts';
import { keyRoutes } from './routes/keys.ts';
import { type MachineOptions, machineRoutes } from './routes/machine.ts';
import { outputRoutes } from './routes/outputs.ts';
import { planRoutes } from './routes/plan.ts';
import { previewRoutes } from './routes/previews.ts';
import { queueRoutes } from './routes/queue.ts';
import { recipeRoutes } from './routes/recipes.ts';
import { resumableRoutes } from './routes/resumable-uploads.ts';
import { runRoutes } from './routes/runs.ts';
import { sessionRoutes } from './routes/session.ts';
import { submissionRoutes } from './routes/submissions.ts';
import { systemRoutes } from './routes/system.ts';
import { uploadRoutes } from './routes/uploads.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { answerUnmatched } from './unmatched.ts';
import { validatorCompiler } from './validation.ts';

export interface AppOptions {
  queue: Queue;
  storage: Storage;
  /** Keys, sessions, owners of files, deliveries of webhooks. */
  ledger: Ledger;
  registry: Registry;
  /** Folder for unfinished uploads, on the disk of the storage; default a hidden one below [storage] input_path. */
  partsFolder?: string;
  /** Origin that clients may send uploads to, past this server; default none. */
  bucketOrigin?: string;
  /** Makes what is shown of files; without one nothing is. Closed with the server. */
  previews?: Previews;
  /** Saved recipes; without one there are none. */
  recipes?: Recipes;
  config: Config;
  /** For the System page: how encoders are looked at, and where settings came from. */
  machine?: MachineOptions;
  /** Pino or alike; without one nothing is logged. */
  logger?: FastifyBaseLogger;
  version: string;
  /** Changes to {@link DEFAULT_LIMITS}. */
  limits?: Partial<Limits>;
  /** Metrics of this process, to which those of the server are added; default the usual ones of a process. */
  metrics?: MetricsRegistry;
  /** Default: no traces. */
  tracer?: RequestTracer;
  /** What is shown at {@link DASHBOARD_PREFIX}; nothing without one. */
  dashboard?: FastifyPluginAsync;
  /** Folder of the built page; default `web/dist/` of the package. */
  webRoot?: string;
}

/** Where the dashboard of the queue is, when there is one. */
export const DASHBOARD_PREFIX = '/queues';
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
    trustProxy: [...options.config.server.trust_proxy],
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
  const keys = apiKeys(options.ledger);
  const security: Security = {
    keys,
    sessions: sessions(options.ledger, keys),
    files: fileOwners(options.ledger),
  };
  const queue = presented(options.queue, options.registry);
  const context: Context = {
    ...options,
    security,
    deliveries: deliveries(options.ledger),
    previews: options.previews ?? noPreviews(),
    recipes: options.recipes ?? noRecipes(),
    limits,
    queue,
    hub: createEventHub(queue, app.log),
    startedAt: new Date(),
  };

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, fromThrown(error)));
  answerUnmatched(app);
  logRequests(app);
  if (options.tracer) traceRequests(app, options.tracer);
  addGuards(app, limits, options.config.server, options.bucketOrigin);
  addAuthentication(app, security);
  addRateLimits(app, options.config.server.rate_limit);
  addOwnership(app, context);
  addAudit(app, options.config.logging.audit);
  const metrics = addMetrics(app, context, options.metrics);
  addOpenApi(app, options.registry, options.version);
  // The storage counts the bytes itself, and says so in the words of the error table.
  app.register(multipart, { throwFileSizeLimit: false });
  app.register(async (routes) => {
    const typed = routes.withTypeProvider<ZodTypeProvider>();
    sessionRoutes(typed, context);
    keyRoutes(typed, context);
    webhookRoutes(typed, context);
    uploadRoutes(typed, context);
    directUploadRoutes(typed, context);
    typed.register(async (scope) =>
      resumableRoutes(scope.withTypeProvider<ZodTypeProvider>(), context, options.partsFolder),
    );
    submissionRoutes(typed, context);
    recipeRoutes(typed, context);
    runRoutes(typed, context);
    planRoutes(typed, context);
    jobRoutes(typed, context);
    jobActionRoutes(typed, context);
    outputRoutes(typed, context);
    fileRoutes(typed, context);
    previewRoutes(typed, context);
    eventRoutes(typed, context);
    queueRoutes(typed, context);
    systemRoutes(typed, context, metrics);
    machineRoutes(typed, context, options.machine ?? {});
  });
  if (options.dashboard) app.register(options.dashboard, { prefix: DASHBOARD_PREFIX });
  app.register(async (page) => {
    // The page itself holds nothing of anybody's: it asks for the key.
    page.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'open' };
    });
    servePage(page, options.webRoot);
  });
  app.addHook('preClose', async () => {
    context.hub.close();
    await context.previews.close();
  });
  return app;
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
