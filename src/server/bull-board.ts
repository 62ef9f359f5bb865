/**
 * BullMQ's dashboard at {@link DASHBOARD_PREFIX}, to look at: nothing can be changed through it, since a job that
 * is retried or removed behind Media Mill's back would no longer agree with its record. Loaded only when
 * `[monitoring] bull_board` asks for it.
 */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { Queue as BullQueue } from 'bullmq';
import type { FastifyInstance } from 'fastify';
import { MillError } from '../core/errors.ts';
import type { Queue } from '../queue/port.ts';
import { DASHBOARD_PREFIX } from './app.ts';
import { fromThrown, sendProblem, toProblem } from './problems.ts';

const LOOKING_ONLY = 'The dashboard is for looking only. Change jobs through Media Mill.';

/** The page asks anew this often, seconds. */
const POLL_SECONDS = 5;

/** Fonts of another site: the page must do without the internet, and must not tell others that it is open. */
const FOREIGN_LINK = /<link\b[^>]*\bhref="https?:[^>]*>\s*/g;

/** Its components set styles of their own; `base` names the folder of its files. Scripts stay our own only. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export interface DashboardOptions {
  /** Address of Redis, password included. */
  url: string;
  queueName: string;
  /** For the log lines of a job, which BullMQ does not have. */
  queue: Queue;
}

/** A plugin for {@link DASHBOARD_PREFIX}; it has a connection to Redis of its own, which it closes with the app. */
export function dashboard({ url, queueName, queue }: DashboardOptions) {
  return async (app: FastifyInstance): Promise<void> => {
    const bull = new BullQueue(queueName, { connection: { url }, skipMetasUpdate: true });
    // It connects again by itself; requests that come meanwhile get the failure.
    bull.on('error', (error) => app.log.debug({ error: error.message }, 'the dashboard has lost Redis'));
    app.addHook('onClose', () => bull.disconnect());

    const server = new FastifyAdapter();
    server.setBasePath(DASHBOARD_PREFIX);
    createBullBoard({
      queues: [new JobsOfOurs(bull, queue)],
      serverAdapter: server,
      options: {
        uiConfig: {
          boardTitle: 'Media Mill',
          // Redis tells its version, memory and clients: nobody asked for that here.
          hideRedisDetails: true,
          hideDocsLink: true,
          // It would count BullMQ's workers only, and find none.
          showWorkers: false,
          pollingInterval: { showSetting: true, forceInterval: POLL_SECONDS },
        },
      },
    });

    // Its own answers would tell what went wrong inside.
    server.setErrorHandler((error) => {
      const problem = toProblem(fromThrown(error));
      return { status: problem.status as 500, body: problem as never };
    });

    app.addHook('onRequest', async (request, reply) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        return sendProblem(request, reply, new MillError('method_not_allowed', LOOKING_ONLY));
      }
      reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
    });
    app.addHook('onSend', async (_request, reply, body) => {
      const type = String(reply.getHeader('content-type') ?? '');
      return typeof body === 'string' && type.startsWith('text/html') ? body.replace(FOREIGN_LINK, '') : body;
    });
    app.addHook('onRoute', (route) => {
      route.schema = { ...route.schema, hide: true };
    });
    await app.register(server.registerPlugin());
  };
}

class JobsOfOurs extends BullMQAdapter {
  private readonly jobs: Queue;

  constructor(bull: BullQueue, jobs: Queue) {
    super(bull, {
      readOnlyMode: true,
      description: 'Read only. BullMQ keeps the newest 1000 of each kind of ended job; Media Mill keeps all.',
      externalJobUrl: ({ id }) => ({ href: `/api/jobs/${id}`, displayText: 'Record in Media Mill' }),
    });
    this.jobs = jobs;
  }

  override async getJobLogs(id: string): Promise<string[]> {
    const lines = await this.jobs.logs(id);
    return lines.map(({ at, level, text }) => `${at} ${level} ${text}`);
  }
}
