/** What one client may hold of the server. Milliseconds and bytes; the defaults are for real networks. */
export interface Limits {
  /** For a connection to send its first, or next, complete header. */
  header_ms: number;
  /** Silence on a connection, both ways, before it is closed. Longer than the heartbeat of events. */
  idle_ms: number;
  /** How long an unused keep-alive connection is kept. */
  keep_alive_ms: number;
  /** A body must bring `window_min_bytes` in each such window, or the connection is cut. */
  window_ms: number;
  window_min_bytes: number;
  /** How long the rest of a refused body is read and dropped, so that the client gets to see the answer. */
  linger_ms: number;
  /** Distance of the comments that keep an event stream open. */
  heartbeat_ms: number;
  /** Bytes waiting for one reader of events before it is dropped. */
  event_backlog_bytes: number;
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  header_ms: 10_000,
  idle_ms: 120_000,
  keep_alive_ms: 10_000,
  window_ms: 30_000,
  window_min_bytes: 30 * 1024,
  linger_ms: 2_000,
  heartbeat_ms: 15_000,
  event_backlog_bytes: 4 * 1024 * 1024,
});
