/**
 * Traces by OpenTelemetry, sent as OTLP over HTTP: one from the request over the queue and the worker to each read
 * of the job process. Loaded only where an endpoint is configured. The job carries the trace context of the span
 * that enqueued it, so that the processes need not know each other.
 */
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Failure } from '../core/errors.ts';
import type { Claim } from '../queue/port.ts';
import type { AttemptObserver, RunnerObserver } from '../runner/observer.ts';
import type { RequestTracer } from '../server/request-tracer.ts';

/** How long spans are collected before they are sent. */
const SEND_EVERY_MS = 2000;
const SEND_TIMEOUT_MS = 5000;
const SAMPLED = 1;

export interface Tracing extends AsyncDisposable {
  requests: RequestTracer;
  runner: RunnerObserver;
}

export interface TracingOptions {
  /** Base address, such as `http://localhost:4318`; `/v1/traces` is added. */
  endpoint: string;
  version: string;
  instance: string;
}

export default function openTracing({ endpoint, version, instance }: TracingOptions): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: SEND_TIMEOUT_MS,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'mediamill',
      'service.version': version,
      'service.instance.id': instance,
    }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: SEND_TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('mediamill', version);
  return {
    requests: requestTracer(tracer),
    runner: { attempt: (claim) => traceAttempt(tracer, claim), childReplaced() {} },
    // A collector that is away must not keep the program from ending.
    [Symbol.asyncDispose]: () => provider.shutdown().catch(() => {}),
  };
}

function requestTracer(tracer: Tracer): RequestTracer {
  return {
    begin({ method, traceparent }) {
      const span = tracer.startSpan(
        method,
        { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } },
        contextOf(traceparent),
      );
      return {
        traceparent: traceparentOf(span),
        end({ route, status }) {
          span.updateName(`${method} ${route}`);
          span.setAttributes({ 'http.route': route, 'http.response.status_code': status });
          if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
  };
}

function traceAttempt(tracer: Tracer, { job, attempt, worker }: Claim): AttemptObserver {
  const attributes = { 'job.id': job.id, 'job.task': job.task };
  const parent = contextOf(job.origin?.traceparent);
  if (job.enqueued_at && job.started_at) {
    tracer
      .startSpan(
        'queue',
        { kind: SpanKind.PRODUCER, startTime: new Date(job.enqueued_at), attributes },
        parent,
      )
      .end(new Date(job.started_at));
  }
  const whole = tracer.startSpan(
    `job ${job.task}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: { ...attributes, 'job.attempt': attempt, 'worker.id': worker },
    },
    parent,
  );
  const inWhole = trace.setSpan(ROOT_CONTEXT, whole);
  return {
    begin(name) {
      const span = tracer.startSpan(name, { attributes }, inWhole);
      const inSpan = trace.setSpan(ROOT_CONTEXT, span);
      return {
        past(part, startMs, endMs, facts = {}) {
          tracer.startSpan(part, { startTime: startMs, attributes: facts }, inSpan).end(endMs);
        },
        end(failure) {
          if (failure) fail(span, failure);
          span.end();
        },
      };
    },
    ended(end) {
      whole.setAttribute('job.end', end.kind);
      if (end.kind === 'failed') fail(whole, end.failure);
      whole.end();
    },
  };
}

function fail(span: Span, { code, detail }: Failure): void {
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: detail });
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

function contextOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] = traceparent?.split('-') ?? [];
  if (!traceId || !spanId || !flags) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
