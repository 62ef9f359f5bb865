import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { onUnauthorized } from './api/client';
import { queryClient } from './api/queries';
import { listenToKeys } from './keys/keys';
import { connect, onComeback, onEvent } from './live/connection';
import { router } from './routes';
import './styles/app.css';

listenToKeys();
connect();
onComeback(() => void queryClient.invalidateQueries());
onEvent('queue', () => void queryClient.invalidateQueries({ queryKey: ['queue'] }));
onEvent('workers', () => void queryClient.invalidateQueries({ queryKey: ['workers'] }));

// A key may be revoked, or asked for from now on.
onUnauthorized(() => void queryClient.invalidateQueries({ queryKey: ['session'] }));

// Parts of a page that was replaced by a newer one are gone: the newer one is loaded, but not for ever.
const RELOADED = 'mediamill.reloaded';
addEventListener('vite:preloadError', (event) => {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0) < 30_000) return;
  event.preventDefault();
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
});

const place = document.getElementById('page');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </CSPProvider>
    </StrictMode>,
  );
}
