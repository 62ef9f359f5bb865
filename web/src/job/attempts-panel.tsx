/** How far each attempt came. */
import type { Job } from '../api/types';
import { clock } from '../text/time';
import { Panel } from './panel';

const ORDINALS = ['First', 'Second', 'Third', 'Fourth', 'Fifth'];

export function AttemptsPanel({ job }: { job: Job }) {
  const failures = job.timeline.filter(
    ({ event }) => event === 'attempt_failed' || event === 'lease_expired' || event === 'failed',
  );
  if (failures.length < 2) return null;
  const same = job.error?.facts?.attempts_same_place;
  return (
    <Panel title="Attempts" aside={same ? 'same place each time' : undefined}>
      <ul className="flex flex-col gap-2 p-4">
        {failures.map(({ at, attempt, detail }, index) => (
          <li key={`${at}-${attempt}`} className="grid grid-cols-[64px_minmax(0,1fr)_auto] gap-3">
            <span>{ORDINALS[(attempt ?? index + 1) - 1] ?? `No. ${attempt ?? index + 1}`}</span>
            <span className="truncate text-text-2" title={detail}>
              {detail ?? ''}
            </span>
            <span className="text-text-2">{clock(at)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
