/** One bucket and how to speak with it. The SDK costs 100 ms to import; only this driver asks for it. */
import type { S3Client } from '@aws-sdk/client-s3';
import { s3Fault } from './faults.ts';

export type Sdk = typeof import('@aws-sdk/client-s3');

export interface BucketOptions {
  bucket: string;
  region: string;
  /** Such as `http://localhost:9000`; default: Amazon's for the region. Whoever configures it trusts it. */
  endpoint?: string;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`; servers without wildcard DNS need it. */
  pathStyle: boolean;
  /** When checksums are sent and expected; servers older than 2025 may know none of the SDK's own. */
  checksums: 'WHEN_SUPPORTED' | 'WHEN_REQUIRED';
  /** Tries of one request, the first included; default 4. */
  attempts?: number;
  /** Milliseconds without a byte after which a connection counts as dead; default 20 s. */
  idleMs?: number;
}

export interface Connection {
  sdk: Sdk;
  client: S3Client;
  bucket: string;
  /** Tries of reads that broke off half-way, on top of those of single requests. */
  attempts: number;
  /** Runs a request; whatever goes wrong comes out in our words. */
  ask<T>(
    request: (client: S3Client, options: { abortSignal?: AbortSignal }) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
}

const ATTEMPTS = 4;
const CONNECT_MS = 5_000;
const IDLE_MS = 20_000;
/** For the first byte of an answer; a part of an upload must be through by then. */
const ANSWER_MS = 120_000;
/** Transfers of a few jobs at a time, each with a few parts in flight. */
const MAX_SOCKETS = 64;

export async function connect(options: BucketOptions): Promise<Connection> {
  const { bucket, region, endpoint, pathStyle, checksums, attempts = ATTEMPTS, idleMs = IDLE_MS } = options;
  const sdk = await import('@aws-sdk/client-s3');
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const client = new sdk.S3Client({
    region,
    endpoint: endpoint || undefined,
    forcePathStyle: pathStyle,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: idleMs,
      requestTimeout: Math.max(ANSWER_MS, idleMs),
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  return {
    sdk,
    client,
    bucket,
    attempts,
    async ask(request, signal) {
      try {
        signal?.throwIfAborted();
        return await request(client, signal ? { abortSignal: signal } : {});
      } catch (error) {
        throw s3Fault(error, signal);
      }
    },
  };
}
