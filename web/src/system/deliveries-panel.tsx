/** Webhooks that were told, or are to be told; shown as soon as there was one. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Failed, request } from '../api/client';
import { queryClient } from '../api/queries';
import { Panel } from '../job/panel';
import { age } from '../text/time';
import { toast } from '../ui/toast';

interface Delivery {
  id: string;
  job_id: string;
  event: string;
  url: string;
  status: 'pending' | 'delivered' | 'failed';
  created_at: string;
  attempts: { http_status: number | null; error: string | null }[];
}

const SHOWN = 10;
const REFRESH_MS = 10_000;
const TONES = { pending: 'text-deferred', delivered: 'text-text-2', failed: 'text-failed' } as const;

export function DeliveriesPanel() {
  const { data } = useQuery({
    queryKey: ['deliveries'],
    retry: false,
    refetchInterval: REFRESH_MS,
    queryFn: () => request<{ deliveries: Delivery[] }>(`/api/webhooks/deliveries?limit=${SHOWN}`),
  });
  if (!data || data.deliveries.length === 0) return null;
  return (
    <Panel title="Webhooks" aside={`the last ${data.deliveries.length}`}>
      <ul>
        {data.deliveries.map((delivery) => (
          <Row key={delivery.id} {...delivery} />
        ))}
      </ul>
    </Panel>
  );
}

function Row({ id, job_id, event, url, status, created_at, attempts }: Delivery) {
  const last = attempts.at(-1);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2.5 last:border-b-0">
      <span className="min-w-0 flex-1">
        <Link to="/jobs/$id" params={{ id: job_id }} className="link">
          {event}
        </Link>{' '}
        <span className="break-all text-text-3">{url}</span>
        {last?.error && <span className="block text-text-2">{last.error}</span>}
      </span>
      <span className="text-text-2">{age(created_at)} ago</span>
      <span className={TONES[status]}>{status}</span>
      <button
        type="button"
        className="btn btn-small"
        aria-label={`Tell ${event} again`}
        onClick={() => void replay(id)}
      >
        Tell again
      </button>
    </li>
  );
}

async function replay(id: string): Promise<void> {
  try {
    await request(`/api/webhooks/deliveries/${encodeURIComponent(id)}/replay`, { method: 'POST' });
    await queryClient.invalidateQueries({ queryKey: ['deliveries'] });
  } catch (error) {
    toast(error instanceof Failed ? error.message : String(error), { tone: 'bad' });
  }
}
