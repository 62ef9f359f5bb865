/** Under 900 px: the places and the action, in reach of a thumb. */
import { Link } from '@tanstack/react-router';
import { Gauge, ListChecks, Plus } from 'lucide-react';
import { useNarrow } from '../jobs/use-narrow';

const TAB =
  'flex h-14 flex-1 flex-col items-center justify-center gap-0.5 text-[11px] leading-4 text-text-2 no-underline aria-[current=page]:font-medium aria-[current=page]:text-text';

export function BottomTabs() {
  const narrow = useNarrow();
  if (!narrow) return null;
  return (
    <nav
      aria-label="Places"
      className="flex flex-none items-center border-t border-line bg-bg pb-[env(safe-area-inset-bottom)]"
    >
      <Link to="/jobs" search={{}} activeOptions={{ includeSearch: false }} className={TAB}>
        <ListChecks size={18} aria-hidden="true" />
        Jobs
      </Link>
      <Link to="/new" className="btn btn-primary mx-6 size-11 min-h-0 rounded-10 p-0" aria-label="New job">
        <Plus size={20} aria-hidden="true" />
      </Link>
      <Link to="/system" className={TAB}>
        <Gauge size={18} aria-hidden="true" />
        System
      </Link>
    </nav>
  );
}
