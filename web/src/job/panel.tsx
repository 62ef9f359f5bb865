import type { ReactNode } from 'react';

interface Props {
  title: string;
  aside?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}

export function Panel({ title, aside, actions, children, className = '' }: Props) {
  return (
    <section className={`panel ${className}`} aria-label={title}>
      <div className="panel-head">
        <h2>{title}</h2>
        {aside && <span className="aside min-w-0 truncate">{aside}</span>}
        <span className="flex-1" />
        {actions}
      </div>
      {children}
    </section>
  );
}
