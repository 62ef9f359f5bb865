/** 28 px: connection, workers, waiting, CPU, memory, disk, and the keys that work here. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useStats, useSystem } from '../api/queries';
import { useNarrow } from '../jobs/use-narrow';
import { useScopes } from '../keys/keys';
import { connect, useConnection } from '../live/connection';
import { significant, size } from '../text/numbers';
import { clock } from '../text/time';
import { Keys } from '../ui/kbd';

/** As many as fit beside the facts at 1440 px. */
const MOST_HINTS = 4;

export function StatusBar() {
  const narrow = useNarrow();
  if (narrow) return null;
  return (
    <footer className="t12 gutter flex h-7 flex-none items-center gap-5 overflow-hidden border-t border-line whitespace-nowrap text-text-2">
      <ConnectionState />
      <Facts />
      <span className="flex-1" />
      <Hints />
    </footer>
  );
}

/** Live, or since when not; nothing on the page goes away when the server does. */
export function ConnectionState() {
  const { state, last } = useConnection();
  if (state === 'offline') {
    return (
      <span className="flex items-center gap-2" role="status">
        <span className="size-2 rounded-full bg-deferred" aria-hidden="true" />
        <span>No connection.{last ? ` Last update ${clock(last)}.` : ''}</span>
        <button type="button" className="link" onClick={connect}>
          Try now
        </button>
      </span>
    );
  }
  return (
    <span className="flex items-center gap-2" role="status">
      <span
        className={`size-2 rounded-full ${state === 'live' ? 'bg-finished' : 'bg-track'}`}
        aria-hidden="true"
      />
      {state === 'live' ? 'Live' : 'Connecting'}
    </span>
  );
}

function Facts() {
  const { data } = useStats();
  if (!data) return null;
  const { workers, jobs, machine, storage } = data;
  const waiting = (jobs.queued ?? 0) + (jobs.scheduled ?? 0) + (jobs.deferred ?? 0);
  const used = machine.memory_total_bytes - machine.memory_free_bytes;
  return (
    <>
      <Fact label="Workers">
        <Link to="/system" className="no-underline">
          {workers.busy} of {workers.concurrency} busy
        </Link>
      </Fact>
      <Fact label="Waiting">{waiting}</Fact>
      {machine.cpu_percent !== null && (
        <Fact label="CPU" share={machine.cpu_percent / 100}>
          {Math.round(machine.cpu_percent)} %
        </Fact>
      )}
      <MemoryFact used={used} total={machine.memory_total_bytes} />
      {storage.free_bytes !== null && <Fact label="Disk free">{size(storage.free_bytes)}</Fact>}
    </>
  );
}

/** What the kernel could free counts as free, where the server says how much that is. */
function MemoryFact({ used, total }: { used: number; total: number }) {
  const { data } = useSystem();
  const inUse = data ? data.memory.total_bytes - data.memory.available_bytes : used;
  return (
    <Fact label="Memory" share={inUse / total}>
      {significant(inUse / 1e9)} of {size(total)}
    </Fact>
  );
}

function Fact({ label, share, children }: { label: string; share?: number; children: ReactNode }) {
  return (
    <span className="flex items-center gap-1.5">
      {label}
      {share !== undefined && (
        <span className="h-1 w-10 overflow-hidden rounded-4 bg-track" aria-hidden="true">
          <span
            className="block h-full origin-left bg-text-2"
            style={{ transform: `scaleX(${Math.min(1, Math.max(0, share))})` }}
          />
        </span>
      )}
      <span className="text-text">{children}</span>
    </span>
  );
}

function Hints() {
  const scopes = useScopes();
  const hints = scopes.flatMap(({ bindings }) => bindings.filter(({ hint }) => hint)).slice(0, MOST_HINTS);
  return (
    <span className="hidden items-center gap-4 peek:flex" aria-hidden="true">
      {hints.map(({ keys, label }) => (
        <span key={keys} className="flex items-center gap-1.5">
          <Keys keys={keys} /> {label.toLowerCase()}
        </span>
      ))}
      <span className="flex items-center gap-1.5">
        <Keys keys="?" /> all keys
      </span>
    </span>
  );
}

/** For phones, which have no status bar: only what is wrong. */
export function OfflineStrip() {
  const { state } = useConnection();
  const narrow = useNarrow();
  if (!narrow || state !== 'offline') return null;
  return (
    <div className="gutter flex h-9 flex-none items-center border-b border-line bg-surface">
      <ConnectionState />
    </div>
  );
}
