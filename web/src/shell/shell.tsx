/** What stands around every page. */
import { Outlet, useNavigate, useRouter } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { type Session, useSession } from '../api/queries';
import { retryAllFailed } from '../jobs/actions';
import { EVERYWHERE, useKeys } from '../keys/keys';
import { Dropzone } from '../new/dropzone';
import { Announcer } from '../ui/announce';
import { Toasts } from '../ui/toast';
import { BottomTabs } from './bottom-tabs';
import { useCommands } from './commands';
import { logOut } from './log-out';
import { setLook, useLook } from './look';
import { OfflineStrip, StatusBar } from './status-bar';
import { TopBar } from './top-bar';

const SignIn = lazy(async () => ({ default: (await import('./sign-in')).SignIn }));
const Palette = lazy(async () => ({ default: (await import('./palette')).Palette }));
const KeySheet = lazy(async () => ({ default: (await import('./key-sheet')).KeySheet }));

export function Shell() {
  const { data: session } = useSession();
  if (session?.required && session.name === null) {
    return (
      <Suspense>
        <SignIn />
      </Suspense>
    );
  }
  return <Frame session={session} />;
}

function Frame({ session }: { session: Session | undefined }) {
  const [palette, setPalette] = useState(false);
  const [sheet, setSheet] = useState(false);
  const navigate = useNavigate();
  const router = useRouter();
  const { theme, density } = useLook();
  const toNew = () => void navigate({ to: '/new' });
  const toJobs = () => void navigate({ to: '/jobs', search: {} });
  const toSystem = () => void navigate({ to: '/system' });
  const toFailed = () => void navigate({ to: '/jobs', search: { status: 'failed' } });
  const nextTheme = () =>
    setLook({ theme: theme === 'system' ? 'light' : theme === 'light' ? 'dark' : 'system' });

  useKeys(EVERYWHERE, [
    { keys: 'Mod+k', label: 'Find a job or run a command', run: () => setPalette(true), always: true },
    { keys: 'n', label: 'New job', run: toNew },
    { keys: 'g j', label: 'Jobs', run: toJobs },
    { keys: 'g s', label: 'System', run: toSystem },
    { keys: 'g f', label: 'Failed jobs', run: toFailed },
    { keys: '?', label: 'All keys', run: () => setSheet(true) },
    {
      keys: 'Escape',
      label: 'Back',
      run: () => {
        if (router.state.location.pathname !== '/jobs') toJobs();
      },
    },
  ]);
  useCommands([
    { text: 'New job', keys: 'n', run: toNew },
    { text: 'Show jobs', keys: 'g j', run: toJobs },
    { text: 'Show failed jobs', keys: 'g f', run: toFailed },
    { text: 'Show system', keys: 'g s', run: toSystem },
    { text: 'Retry all failed jobs', run: () => void retryAllFailed() },
    { text: 'Show all keys', keys: '?', run: () => setSheet(true) },
    { text: `Theme: ${theme}, change it`, run: nextTheme },
    {
      text: density === 'compact' ? 'Rows: compact, make them normal' : 'Rows: normal, make them compact',
      run: () => setLook({ density: density === 'compact' ? 'normal' : 'compact' }),
    },
    ...(session?.required ? [{ text: `Log out ${session.name ?? ''}`, run: () => void logOut() }] : []),
    { text: 'Read the API', run: () => window.open('/docs/', '_blank', 'noopener') },
  ]);
  useEffect(
    () =>
      router.subscribe('onResolved', ({ pathChanged, fromLocation }) => {
        // A reader of the screen must hear that the page is another one.
        if (pathChanged && fromLocation) document.getElementById('main')?.focus({ preventScroll: true });
      }),
    [router],
  );

  return (
    <div className="flex h-full flex-col">
      <TopBar openPalette={() => setPalette(true)} />
      <OfflineStrip />
      <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col focus-visible:outline-none">
        <Outlet />
      </main>
      <StatusBar />
      <BottomTabs />
      <Toasts />
      <Announcer />
      <Dropzone />
      <Suspense>
        {palette && <Palette open={palette} setOpen={setPalette} />}
        {sheet && <KeySheet open={sheet} setOpen={setSheet} />}
      </Suspense>
    </div>
  );
}
