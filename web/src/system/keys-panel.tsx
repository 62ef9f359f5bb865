/** API keys: who there is, making one, taking one back. The first one is made on the machine itself. */
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Failed, request } from '../api/client';
import { queryClient } from '../api/queries';
import { Panel } from '../job/panel';
import { age } from '../text/time';
import { toast } from '../ui/toast';

interface ApiKey {
  id: string;
  name: string;
  scopes: string[];
  last_used_at: string | null;
  revoked_at: string | null;
}

const SCOPES = {
  'read,submit': 'Read and submit',
  read: 'Read',
  admin: 'Administer',
} as const;

export function KeysPanel() {
  const { data } = useQuery({
    queryKey: ['keys'],
    retry: false,
    queryFn: () => request<{ keys: ApiKey[] }>('/api/keys'),
  });
  const [made, setMade] = useState<{ name: string; token: string } | null>(null);
  if (!data) return null;
  return (
    <Panel title="API keys" aside={data.keys.length > 0 ? 'every request needs one' : undefined}>
      {data.keys.length === 0 ? (
        <p className="p-4 text-text-2">
          No keys: whoever reaches this server may do everything. Make the first with{' '}
          <code>mediamill keys create --name NAME --scope admin</code>.
        </p>
      ) : (
        <>
          <ul>
            {data.keys.map((key) => (
              <KeyRow key={key.id} {...key} />
            ))}
          </ul>
          {made && (
            <p role="status" className="border-t border-line p-4">
              The key of {made.name}, shown this once: <code className="break-all">{made.token}</code>
            </p>
          )}
          <NewKey done={setMade} />
        </>
      )}
    </Panel>
  );
}

function KeyRow({ id, name, scopes, last_used_at, revoked_at }: ApiKey) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2.5">
      <span className="min-w-0 flex-1">
        <span className="break-all">{name}</span> <span className="text-text-3">{scopes.join(', ')}</span>
      </span>
      <span className="text-text-2">
        {last_used_at === null ? 'never used' : `used ${age(last_used_at)} ago`}
      </span>
      {revoked_at === null ? (
        <button
          type="button"
          className="btn btn-small"
          aria-label={`Revoke ${name}`}
          onClick={() => void revoke(id)}
        >
          Revoke
        </button>
      ) : (
        <span className="text-text-3">revoked</span>
      )}
    </li>
  );
}

function NewKey({ done }: { done(made: { name: string; token: string }): void }) {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string>('read,submit');
  const create = async (event: FormEvent) => {
    event.preventDefault();
    await trying(async () => {
      const body = { name, scopes: scopes.split(',') };
      const { token } = await request<{ token: string }>('/api/keys', { method: 'POST', body });
      done({ name, token });
      setName('');
    });
  };
  return (
    <form className="flex flex-wrap items-end gap-3 p-4" onSubmit={(event) => void create(event)}>
      <label className="flex min-w-40 flex-1 flex-col gap-1.5">
        Name
        <input
          className="field"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <label className="flex flex-col gap-1.5">
        May
        <select className="field" value={scopes} onChange={(event) => setScopes(event.target.value)}>
          {Object.entries(SCOPES).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" className="btn">
        Make a key
      </button>
    </form>
  );
}

const revoke = (id: string) =>
  trying(() => request(`/api/keys/${encodeURIComponent(id)}`, { method: 'DELETE' }));

async function trying(change: () => Promise<unknown>): Promise<void> {
  try {
    await change();
    await queryClient.invalidateQueries({ queryKey: ['keys'] });
  } catch (error) {
    toast(error instanceof Failed ? error.message : String(error), { tone: 'bad' });
  }
}
