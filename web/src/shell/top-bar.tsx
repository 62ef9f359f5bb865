/** 48 px: the two places, the palette and the one action. */
import { Link } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useNarrow } from '../jobs/use-narrow';
import { Keys } from '../ui/kbd';
import { Brand } from './brand';

const PLACE =
  'hidden h-12 items-center border-b-2 border-transparent px-0.5 text-text-2 no-underline hover:text-text tab:inline-flex aria-[current=page]:border-text aria-[current=page]:text-text';

export function TopBar({ openPalette }: { openPalette(): void }) {
  const narrow = useNarrow();
  return (
    <header className="gutter flex h-12 flex-none items-center gap-6 border-b border-line">
      {/* biome-ignore lint/a11y/useValidAnchor: a link to a place on the page, which keeps the address as it is. */}
      <a
        href="#main"
        className="btn absolute top-2 left-2 z-50 -translate-y-20 focus:translate-y-0"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        Skip to the content
      </a>
      <Brand />
      {!narrow && (
        <nav aria-label="Places" className="flex gap-6">
          <Link to="/jobs" search={{}} activeOptions={{ includeSearch: false }} className={PLACE}>
            Jobs
          </Link>
          <Link to="/system" className={PLACE}>
            System
          </Link>
        </nav>
      )}
      <span className="flex-1" />
      <button
        type="button"
        className="btn hidden w-[280px] justify-start font-normal text-text-3 tab:inline-flex"
        onClick={openPalette}
      >
        <Search size={14} aria-hidden="true" />
        <span className="flex-1 text-left">Find a job or run a command</span>
        <Keys keys="Mod+k" />
      </button>
      <button
        type="button"
        className="btn btn-quiet btn-icon tab:hidden"
        aria-label="Find a job or run a command"
        onClick={openPalette}
      >
        <Search size={18} aria-hidden="true" />
      </button>
      <Link to="/new" className="btn btn-primary hidden tab:inline-flex">
        New job <Keys keys="n" />
      </Link>
    </header>
  );
}
