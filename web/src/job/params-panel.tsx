/** The params that were given, and the defaults of the rest; the JSON is one click away. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTasks } from '../api/queries';
import type { Job } from '../api/types';
import { Panel } from './panel';

/** Defaults of fields that few ever touch are left out. */
const RARE = 'advanced';

export function ParamsPanel({ job, edit = false }: { job: Job; edit?: boolean }) {
  const [json, setJson] = useState(false);
  const { data: tasks = [] } = useTasks();
  const properties = tasks.find(({ name }) => name === job.task)?.params.properties ?? {};
  const given = flat(job.params);
  const rest = Object.entries(properties).filter(
    ([name, { default: initial, group }]) =>
      !(name in job.params) && group !== RARE && ['string', 'number', 'boolean'].includes(typeof initial),
  );
  return (
    <Panel
      title="Params"
      actions={
        <span className="flex gap-4">
          <button type="button" className="link" aria-pressed={json} onClick={() => setJson(!json)}>
            {json ? 'Table' : 'JSON'}
          </button>
          {edit && (
            <Link to="/new" search={{ from: job.id }} className="link">
              Edit and retry
            </Link>
          )}
        </span>
      }
    >
      {json ? (
        <pre
          className="well mono t12 max-h-[320px] overflow-auto p-4 break-words whitespace-pre-wrap"
          tabIndex={-1}
        >
          {JSON.stringify(job.params, null, 2)}
        </pre>
      ) : given.length + rest.length === 0 ? (
        <p className="p-4 text-text-2">This task takes no params.</p>
      ) : (
        <dl className="flex flex-col gap-1.5 p-4">
          {given.map(([name, value]) => (
            <Line key={name} name={name} value={value} />
          ))}
          {rest.map(([name, { default: initial }]) => (
            <Line key={name} name={name} value={`${String(initial)}, default`} quiet />
          ))}
        </dl>
      )}
    </Panel>
  );
}

function Line({ name, value, quiet = false }: { name: string; value: string; quiet?: boolean }) {
  return (
    <div className="flex justify-between gap-4">
      <dt className="flex-none text-text-2">
        <code>{name}</code>
      </dt>
      <dd className={`min-w-0 text-right break-words ${quiet ? 'text-text-2' : ''}`} dir="auto">
        {value}
      </dd>
    </div>
  );
}

/** Nested options by their path: options.tune. */
function flat(params: Record<string, unknown>, prefix = ''): [string, string][] {
  return Object.entries(params).flatMap(([name, value]): [string, string][] => {
    const path = `${prefix}${name}`;
    if (value && typeof value === 'object' && !Array.isArray(value))
      return flat(value as Record<string, unknown>, `${path}.`);
    return [[path, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}
