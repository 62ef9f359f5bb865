/** Settings, and where each value comes from. */
import { useState } from 'react';
import type { SystemReport } from '../api/types';
import { Panel } from '../job/panel';

const ORIGINS: Record<string, string> = {
  flag: 'a flag',
  environment: 'the environment',
  file: 'the settings file',
  default: 'default',
};

export function SettingsPanel({ settings }: { settings: SystemReport['settings'] }) {
  const [query, setQuery] = useState('');
  const shown = settings.filter(({ key, value }) =>
    `${key} ${String(value)}`.toLowerCase().includes(query.toLowerCase()),
  );
  return (
    <Panel
      title="Settings"
      aside="read only, with where each value comes from"
      actions={
        <input
          type="search"
          className="field min-h-7 w-[140px] py-0.5"
          placeholder="Find"
          aria-label="Find a setting"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
      }
    >
      <dl>
        {shown.map(({ key, value, origin, description }) => (
          <div
            key={key}
            className="grid grid-cols-[minmax(0,1.1fr)_minmax(0,1fr)_120px] gap-4 border-b border-line px-4 py-2 last:border-b-0 max-tab:grid-cols-2"
            title={description}
          >
            <dt className="break-all">
              <code>{key}</code>
            </dt>
            <dd className="break-words">{show(value)}</dd>
            <dd className={origin === 'default' ? 'text-text-2' : ''}>{ORIGINS[origin] ?? origin}</dd>
          </div>
        ))}
      </dl>
      {shown.length === 0 && <p className="p-4 text-text-2">No setting is called that.</p>}
    </Panel>
  );
}

function show(value: unknown): string {
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return '–';
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}
