import type { ReactNode } from 'react';

interface Props {
  label: string;
  value: string;
  unit?: string;
  /** One line of context; a value without one is no tile. */
  context: ReactNode;
}

export function StatTile({ label, value, unit, context }: Props) {
  return (
    <div className="min-w-0 bg-surface p-4">
      <p className="t12 text-text-2">{label}</p>
      <p className="t22 font-semibold">
        {value} {unit && <span className="t13 font-normal text-text-2">{unit}</span>}
      </p>
      <div className="t12 truncate text-text-2">{context}</div>
    </div>
  );
}

/** Tiles side by side, divided by single lines. */
export function StatTiles({ children, label }: { children: ReactNode; label: string }) {
  return (
    <section
      aria-label={label}
      className="grid grid-cols-2 gap-px overflow-hidden rounded-10 border border-line bg-line tab:grid-cols-4"
    >
      {children}
    </section>
  );
}
