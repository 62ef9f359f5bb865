import { type ReactNode, useEffect, useState } from 'react';

/** Grey only after 150 ms: what is there sooner never flickers. */
const DELAY_MS = 150;

export function AfterDelay({ children, ms = DELAY_MS }: { children: ReactNode; ms?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return shown ? children : null;
}
