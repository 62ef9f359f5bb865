/** A waveform as high as a line of text. */
import { type ReactNode, useEffect, useState } from 'react';
import { usePeaks } from '../api/queries';

/** Bars of a row. */
const BARS = 44;
/** Rows that only fly by ask for nothing. */
const STAY_MS = 200;

export function MiniWave({ id, fallback }: { id: string; fallback: ReactNode }) {
  const [stays, setStays] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setStays(true), STAY_MS);
    return () => clearTimeout(timer);
  }, []);
  const { data, isError } = usePeaks(id, 'source', BARS, stays);
  const bars = data?.channels[0];
  if (isError || !bars) return fallback;
  const top = Math.max(0.01, ...bars.max, ...bars.min.map(Math.abs));
  const path = bars.max.map((max, index) => {
    const low = bars.min[index] ?? 0;
    return `M${index * 3 + 1} ${10 - (9 * max) / top}V${10 - (9 * low) / top + 0.5}`;
  });
  return (
    <svg
      width={BARS * 3}
      height="20"
      viewBox={`0 0 ${BARS * 3} 20`}
      role="img"
      aria-label="Waveform"
      className="text-text-3"
    >
      <path d={path.join('')} stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
    </svg>
  );
}
