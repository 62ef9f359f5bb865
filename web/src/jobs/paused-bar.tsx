/** Says that nothing new starts, and why. */
import { useQueueState } from '../api/queries';
import { setQueuePaused } from '../system/queue-switch';
import { age } from '../text/time';

export function PausedBar() {
  const { data } = useQueueState();
  if (!data?.paused) return null;
  return (
    <div
      role="status"
      className="gutter flex min-h-9 flex-none items-center gap-3 border-b border-line bg-[var(--st-deferred-soft)] py-1"
    >
      <span className="text-deferred">
        The queue is paused{data.since ? ` since ${age(data.since)}` : ''}
        {data.reason ? `: ${data.reason}` : ''}. Running jobs go on; nothing new starts.
      </span>
      <button type="button" className="link" onClick={() => void setQueuePaused(false)}>
        Resume
      </button>
    </div>
  );
}
