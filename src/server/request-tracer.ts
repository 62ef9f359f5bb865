/** How requests become the beginning of traces; a tracer is handed to the app where traces are wanted. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { JobOrigin } from '../queue/port.ts';

export interface RequestSpan {
  /** W3C trace context of this span, for what the request sets off. */
  traceparent: string;
  end(answer: { route: string; status: number }): void;
}

export interface RequestTracer {
  /** `traceparent`: of the caller, when it sent one. */
  begin(request: { method: string; traceparent?: string }): RequestSpan;
}

const spans = new WeakMap<FastifyRequest, RequestSpan>();
/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Looks at nothing but the requests that change something: polling pages would drown the rest. */
export function traceRequests(app: FastifyInstance, tracer: RequestTracer): void {
  app.addHook('onRequest', async (request) => {
    const { method, headers } = request;
    if (method === 'GET' || method === 'HEAD') return;
    const given = headers.traceparent;
    const traceparent = typeof given === 'string' && TRACEPARENT.test(given) ? given : undefined;
    spans.set(request, tracer.begin({ method, ...(traceparent && { traceparent }) }));
  });
  app.addHook('onResponse', async (request, reply) => {
    spans.get(request)?.end({ route: request.routeOptions.url ?? 'none', status: reply.statusCode });
  });
}

/** What is stored with a job of where it came from. */
export function originOf(request: FastifyRequest): JobOrigin {
  const traceparent = spans.get(request)?.traceparent;
  return { request_id: request.id, ...(traceparent && { traceparent }) };
}
