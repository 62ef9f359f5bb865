import { useQuery } from '@tanstack/react-query';
import { Check, X } from 'lucide-react';
import { Failed, request } from '../api/client';
import type { SystemReport } from '../api/types';
import { Panel } from '../job/panel';
import { useConnection } from '../live/connection';
import { size } from '../text/numbers';

/** Asked for again this often: it is what a load balancer asks, too. */
const ASK_MS = 15_000;

export function HealthPanel({ system }: { system: SystemReport | undefined }) {
  const { state } = useConnection();
  const ready = useQuery({
    queryKey: ['ready'],
    queryFn: () => request('/readyz'),
    refetchInterval: ASK_MS,
    staleTime: 0,
  });
  const trouble = ready.error instanceof Failed ? ready.error.message : null;
  const rows: [string, boolean, string][] = [
    [
      'queue',
      !trouble,
      trouble ?? (system ? `${system.queue.backend}${system.queue.paused ? ', paused' : ''}` : 'answers'),
    ],
    ['storage', !trouble, trouble ? 'see above' : (system?.storage.type ?? 'writable')],
    ['events', state === 'live', state === 'live' ? 'this page is connected' : 'this page is not connected'],
    ...(system
      ? ([
          [
            'memory',
            true,
            `server ${size(system.memory.server_rss_bytes)}${system.memory.workers_rss_bytes ? `, workers ${size(system.memory.workers_rss_bytes)}` : ''}`,
          ],
        ] as [string, boolean, string][])
      : []),
  ];
  return (
    <Panel title="Health">
      <ul className="px-4 py-2">
        {rows.map(([name, good, text]) => (
          <li key={name} className="grid grid-cols-[16px_72px_minmax(0,1fr)] items-baseline gap-3 py-1">
            {good ? (
              <Check size={14} className="translate-y-0.5 text-finished" aria-label="good" />
            ) : (
              <X size={14} className="translate-y-0.5 text-failed" aria-label="bad" />
            )}
            <code>{name}</code>
            <span className="text-text-2">{text}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
