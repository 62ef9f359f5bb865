/** What was dropped or done otherwise, and numbers that other jobs reported about this one. */
import type { Job } from '../api/types';
import { significant } from '../text/numbers';
import { Panel } from './panel';

export function WarningsPanel({ job }: { job: Job }) {
  const warnings = job.result?.warnings ?? [];
  const reported = Object.entries(job.reported_metrics);
  return (
    <>
      {warnings.length > 0 && (
        <Panel title="Worth knowing">
          <ul className="flex flex-col gap-1 p-4">
            {warnings.map((warning) => (
              <li key={warning} className="break-words">
                {warning}
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {reported.length > 0 && (
        <Panel title="Reported metrics">
          <dl className="grid gap-x-8 gap-y-1.5 p-4 tab:grid-cols-2">
            {reported.map(([name, value]) => (
              <div key={name} className="flex justify-between gap-4">
                <dt className="text-text-2">
                  <code>{name}</code>
                </dt>
                <dd>{significant(value)}</dd>
              </div>
            ))}
          </dl>
        </Panel>
      )}
    </>
  );
}
