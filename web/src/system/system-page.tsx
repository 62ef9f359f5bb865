/** Load and its trend, workers, encoders, storage, settings with their origin. Read only, but for pausing. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Failed } from '../api/client';
import { useHistory, useQueueState, useStats, useSystem } from '../api/queries';
import { PausedBar } from '../jobs/paused-bar';
import { useKeys } from '../keys/keys';
import { span } from '../text/time';
import { ErrorNotice } from '../ui/notice';
import { Segments } from '../ui/segments';
import { DeliveriesPanel } from './deliveries-panel';
import { EncodersPanel } from './encoders-panel';
import { HealthPanel } from './health-panel';
import { KeysPanel } from './keys-panel';
import { LoadTiles } from './load-tiles';
import { QueueChart } from './queue-chart';
import { setQueuePaused } from './queue-switch';
import { SettingsPanel } from './settings-panel';
import { StoragePanel } from './storage-panel';
import { WorkersPanel } from './workers-panel';

const RANGES = { '1h': 60, '24h': 24 * 60, '7d': 7 * 24 * 60 } as const;
type Range = keyof typeof RANGES;
const RANGE_TEXTS: { value: Range; text: string }[] = [
  { value: '1h', text: '1 h' },
  { value: '24h', text: '24 h' },
  { value: '7d', text: '7 d' },
];

export function SystemPage() {
  const { range = '1h' } = useSearch({ from: '/system' });
  const navigate = useNavigate();
  const system = useSystem();
  const stats = useStats();
  const history = useHistory(RANGES[range]);
  const { data: queue } = useQueueState();
  const setRange = (next: Range) =>
    void navigate({ to: '/system', search: next === '1h' ? {} : { range: next }, replace: true });
  useKeys(
    'System',
    RANGE_TEXTS.map(({ value, text }, index) => ({
      keys: String(index + 1),
      label: `Last ${text}`,
      hint: true,
      run: () => setRange(value),
    })),
  );
  const uptime = system.data?.uptime_s ?? stats.data?.uptime_seconds;
  const facts = [
    uptime === undefined ? '' : `up ${span(uptime)}`,
    stats.data ? `Media Mill ${stats.data.version}` : '',
    system.data?.ffmpeg ? `FFmpeg ${system.data.ffmpeg}` : '',
  ];
  const missing = system.error instanceof Failed && system.error.status === 404;
  const points = history.data?.points ?? [];
  return (
    <>
      <PausedBar />
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={0} role="region" aria-label="System">
        <div className="gutter mx-auto flex max-w-[1640px] flex-col gap-5 pb-8">
          <div className="flex min-h-14 flex-wrap items-center gap-x-4 gap-y-2 pt-2">
            <h1 className="t16 font-semibold">System</h1>
            <p className="min-w-0 flex-1 truncate text-text-2">{facts.filter(Boolean).join(', ')}</p>
            <button type="button" className="btn" onClick={() => void setQueuePaused(!queue?.paused)}>
              {queue?.paused ? 'Resume the queue' : 'Pause the queue'}
            </button>
            <Segments label="Range" value={range} options={RANGE_TEXTS} onChange={setRange} />
          </div>
          {stats.error && !stats.data ? (
            <ErrorNotice error={stats.error} retry={() => void stats.refetch()} />
          ) : (
            <LoadTiles
              stats={stats.data}
              system={system.data}
              points={points}
              stepS={history.data?.step_s ?? 60}
            />
          )}
          <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 tab:grid-cols-[minmax(0,1fr)_minmax(280px,340px)]">
            <div className="flex min-w-0 flex-col gap-5">
              <QueueChart points={points} stepS={history.data?.step_s ?? 60} loading={history.isLoading} />
              <WorkersPanel />
              <DeliveriesPanel />
              <KeysPanel />
              {system.data && <SettingsPanel settings={system.data.settings} />}
            </div>
            <div className="flex min-w-0 flex-col gap-5">
              <MachineNote missing={missing} error={system.error} retry={() => void system.refetch()} />
              {system.data && (
                <EncodersPanel encoders={system.data.encoders} decoders={system.data.decoders} />
              )}
              {system.data && <StoragePanel system={system.data} />}
              <HealthPanel system={system.data} />
            </div>
          </div>
        </div>
      </div>
    </>
  );
}

/** A server that cannot tell more is no error of the page. */
function MachineNote({ missing, error, retry }: { missing: boolean; error: unknown; retry(): void }) {
  const [late, setLate] = useState(false);
  useEffect(() => setLate(Boolean(error)), [error]);
  if (!late) return null;
  if (missing)
    return (
      <p className="panel p-4 text-text-2">This server does not tell about encoders, storage and settings.</p>
    );
  return <ErrorNotice error={error} retry={retry} />;
}
