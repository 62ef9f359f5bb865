/** Asks for an API key where the server wants one. */
import { useState } from 'react';
import { Failed, request } from '../api/client';
import { queryClient } from '../api/queries';
import { connect } from '../live/connection';
import { Brand } from './brand';

export function SignIn() {
  const [key, setKey] = useState('');
  const [error, setError] = useState<string | null>(null);
  return (
    <main className="flex h-full items-center justify-center p-6">
      <form
        className="panel flex w-[min(400px,100%)] flex-col gap-4 p-6"
        onSubmit={async (event) => {
          event.preventDefault();
          try {
            await request('/api/session', { method: 'POST', body: { key } });
            await queryClient.invalidateQueries();
            connect();
          } catch (cause) {
            setError(cause instanceof Failed ? cause.message : String(cause));
          }
        }}
      >
        <Brand />
        <h1 className="t16 font-semibold">This server wants an API key</h1>
        <label className="flex flex-col gap-1.5">
          API key
          <input
            // biome-ignore lint/a11y/noAutofocus: there is nothing else on this page.
            autoFocus
            type="password"
            className="field"
            autoComplete="current-password"
            aria-invalid={error ? true : undefined}
            aria-describedby="key-note"
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </label>
        <p id="key-note" role="status" className={error ? 'text-failed' : 'text-text-2'}>
          {error ?? 'Whoever runs the server makes one with mediamill keys.'}
        </p>
        <button type="submit" className="btn btn-primary">
          Log in
        </button>
      </form>
    </main>
  );
}
