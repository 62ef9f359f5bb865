import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { FINAL_STATUSES, type JobRecord, type QueueEvent } from '../../queue/port.ts';
import { ownEvents } from '../auth/own-events.ts';
import { queueOf } from '../auth/own-queue.ts';
import type { App, Context } from '../context.ts';
import type { HubEvent } from '../event-hub.ts';
import { EventStream } from '../event-stream.ts';
import { failures, jobIdSchema } from '../schemas.ts';
import { getJob } from './jobs.ts';

/** Newest jobs that a new reader of all events is told of first; the rest is in GET /api/jobs. */
const FIRST_JOBS = 100;
const STARTED_JOBS = 200;
const WORKERS_EVERY_MS = 1000;

const WIRE = `Server-sent events. \`job\`: the whole job. \`progress\`: \`{id, progress}\`. \`removed\`: \`{id}\`.
\`log\`: \`{id, line}\`. Of all jobs also \`queue\`: whether it is paused, as in GET /api/queue, and \`workers\`, at most once
a second: GET /api/workers answers something new. Comments keep the connection open. A reader that falls behind is cut off; it gets the
present state first when it connects again.`;

const events = {
  description: 'Until it is closed',
  content: { 'text/event-stream': { schema: z.string() } },
};

export function eventRoutes(app: App, { queue, hub, limits, security }: Context): void {
  app.get(
    '/api/events',
    {
      // A HEAD would listen for ever.
      exposeHeadRoute: false,
      schema: {
        tags: ['Events'],
        summary: 'Events of all jobs',
        description: `${WIRE} Begins with the ${FIRST_JOBS} newest jobs and all that are started, oldest first.`,
        response: { 200: events, ...failures },
      },
    },
    async (request, reply) => {
      const own = ownEvents(request.caller);
      const mine = queueOf(queue, request.caller);
      const stream = new EventStream(limits, () => endWithKey(request, stream));
      // The first of several within a second is told at once, the others with one event at the end of it.
      let quiet: NodeJS.Timeout | undefined;
      let more = false;
      let again = false;
      const tellWorkers = (): boolean => {
        if (quiet !== undefined) {
          more = true;
          return false;
        }
        quiet = setTimeout(() => {
          quiet = undefined;
          if (!more || stream.destroyed) return;
          more = false;
          if (tellWorkers()) stream.send('workers', {}, hub.last);
        }, WORKERS_EVERY_MS);
        return true;
      };
      stream.once('close', () => clearTimeout(quiet));
      await follow(stream, {
        wants: (event) => own.hears(event) && (event.type !== 'workers' || tellWorkers()),
        state: async () => {
          const [pause, newest, started] = await Promise.all([
            queue.pauseState(),
            mine.list({ limit: FIRST_JOBS }),
            mine.list({ status: ['started'], limit: STARTED_JOBS }),
          ]);
          // Nothing to tell at first of a queue that goes on; later it may have been paused before.
          if (pause.paused || again) stream.send('queue', pause, hub.last);
          again = true;
          const jobs = new Map([...started.jobs, ...newest.jobs].map((job) => [job.id, job]));
          for (const job of [...jobs.values()].sort(byCreation)) {
            own.knows(job);
            stream.send('job', job, hub.last);
          }
        },
      });
      return sendStream(request, reply, stream);
    },
  );

  app.get(
    '/api/jobs/:id/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['Events'],
        summary: 'Events of one job',
        description: `${WIRE} Begins with the job and what it has logged; ends after its final state.`,
        params: jobIdSchema,
        response: { 200: events, 204: z.undefined().describe('The job has ended.'), ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const first = await getJob(queue, id);
      // A browser connects again to a stream that ended, unless it is told that there is nothing more.
      if (isFinal(first) && request.headers['last-event-id'] !== undefined) return reply.code(204).send();
      let logged = 0;
      const state = async () => {
        const job = await queue.get(id);
        if (!job) return stream.finish();
        stream.send('job', job, hub.last);
        for (const line of await queue.logs(id, logged)) {
          stream.send('log', { id, line }, hub.last);
          logged = line.seq;
        }
        if (isFinal(job)) stream.finish();
      };
      const stream = new EventStream(limits, () => {
        // Should the last event ever get lost, nobody waits for it forever.
        endWithKey(request, stream);
        lookForEnd().catch((error: unknown) => request.log.warn({ err: error }, 'looking at a job failed'));
      });
      const lookForEnd = async () => {
        const job = await queue.get(id);
        if (!job || isFinal(job)) await state();
      };
      /** Lines that came while the earlier ones were read are not sent twice. */
      const isNews = (event: QueueEvent) => {
        if (event.type !== 'log') return true;
        const news = event.line.seq > logged;
        logged = Math.max(logged, event.line.seq);
        return news;
      };
      await follow(stream, {
        wants: (event) => idOf(event) === id && isNews(event),
        state,
        isLast: (event) => event.type === 'removed' || (event.type === 'job' && isFinal(event.job)),
      });
      return sendStream(request, reply, stream);
    },
  );

  /** A stream outlives the check at its beginning: it ends soon after its key was revoked. */
  function endWithKey({ caller, log }: FastifyRequest, stream: EventStream): void {
    if (caller.owner === null) return;
    security.keys.byId(caller.owner).then(
      (key) => key ?? stream.finish(),
      (error: unknown) => log.warn({ err: error }, 'looking at a key failed'),
    );
  }

  interface Following {
    wants(event: QueueEvent): boolean;
    /** Sends how things stand. */
    state(): Promise<void>;
    isLast?(event: QueueEvent): boolean;
  }

  /** The state first, then what happened since, in order and without a gap. */
  async function follow(stream: EventStream, { wants, state, isLast }: Following): Promise<void> {
    let waiting: [HubEvent, number][] | null = [];
    const forward = (event: HubEvent, number: number) => {
      if (waiting) waiting.push([event, number]);
      else if (event.type === 'resync') void sendState();
      else if (wants(event)) {
        stream.send(event.type, payloadOf(event), number);
        if (isLast?.(event)) stream.finish();
      }
    };
    const sendState = async () => {
      waiting ??= [];
      await state();
      const missed = waiting;
      waiting = null;
      for (const [event, number] of missed) forward(event, number);
    };
    const leave = hub.subscribe(forward, () => stream.finish());
    stream.once('close', leave);
    try {
      await sendState();
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }
}

function sendStream(request: FastifyRequest, reply: FastifyReply, stream: EventStream): FastifyReply {
  request.raw.socket.setNoDelay(true);
  return reply
    .type('text/event-stream; charset=utf-8')
    .header('cache-control', 'no-cache, no-transform')
    .header('x-accel-buffering', 'no')
    .send(stream);
}

function payloadOf(event: QueueEvent): unknown {
  if (event.type === 'job') return event.job;
  if (event.type === 'queue') return event.state;
  if (event.type === 'workers') return {};
  const { type: _, ...payload } = event;
  return payload;
}

function idOf(event: QueueEvent): string | null {
  if (event.type === 'job') return event.job.id;
  return 'id' in event ? event.id : null;
}

function isFinal(job: JobRecord): boolean {
  return FINAL_STATUSES.includes(job.status);
}

function byCreation(a: JobRecord, b: JobRecord): number {
  return a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0;
}
