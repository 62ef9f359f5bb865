/** The lines of a job, from the beginning and as they come. */
import { useEffect, useState } from 'react';
import { call } from '../api/client';
import type { LogLine } from '../api/types';
import { onComeback } from '../live/connection';
import { inNextFrame } from '../live/emitter';
import { onLog } from '../live/jobs-store';

export function useLog(id: string): { lines: readonly LogLine[]; error: unknown; ready: boolean } {
  const [state, setState] = useState<{ lines: readonly LogLine[]; error: unknown; ready: boolean }>({
    lines: [],
    error: null,
    ready: false,
  });
  useEffect(() => {
    const abort = new AbortController();
    let lines: LogLine[] = [];
    let error: unknown = null;
    let ready = false;
    setState({ lines, error, ready });
    const show = inNextFrame(() => abort.signal.aborted || setState({ lines: [...lines], error, ready }));
    const add = (more: readonly LogLine[]) => {
      const last = lines.at(-1)?.seq ?? 0;
      const fresh = more.filter(({ seq }) => seq > last);
      if (fresh.length > 0) lines = [...lines, ...fresh];
      show();
    };
    const load = async () => {
      try {
        const page = await call('GET /api/jobs/{id}/logs', {
          path: { id },
          query: { after: lines.at(-1)?.seq },
          signal: abort.signal,
        });
        error = null;
        ready = true;
        add(page.lines);
      } catch (cause) {
        error = cause;
        ready = true;
        show();
      }
    };
    void load();
    const stops = [onLog(id, (line) => ready && add([line])), onComeback(() => void load())];
    return () => {
      abort.abort();
      for (const stop of stops) stop();
    };
  }, [id]);
  return state;
}
