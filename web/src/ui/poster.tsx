/** A picture of the source, or the tag of its format. */
import { useEffect, useState } from 'react';
import { jobUrl } from '../api/client';
import type { Job } from '../api/types';
import { formatTag, mayHavePoster } from '../text/names';

/** Rows that only fly by ask for nothing. */
const STAY_MS = 120;
/** Of the larger screens; sent once for all of them. */
const WIDTH = 112;

const shown = new Set<string>();
const missing = new Set<string>();

export function Poster({ job, className = 'h-[26px] w-10' }: { job: Job; className?: string }) {
  const { id } = job;
  const wanted = mayHavePoster(job);
  const [stays, setStays] = useState(shown.has(id));
  const [, setMissing] = useState(false);
  useEffect(() => {
    setStays(shown.has(id));
    if (!wanted || shown.has(id)) return;
    const timer = setTimeout(() => setStays(true), STAY_MS);
    return () => clearTimeout(timer);
  }, [id, wanted]);
  if (!wanted || missing.has(id)) {
    return <span className={`tag flex-none ${className}`}>{formatTag(job)}</span>;
  }
  return (
    <span className={`flex-none overflow-hidden rounded-4 bg-inset ${className}`}>
      {stays && (
        <img
          src={jobUrl(id, 'poster', { of: 'source', width: WIDTH })}
          alt=""
          className="h-full w-full object-cover"
          decoding="async"
          onLoad={() => shown.add(id)}
          onError={() => {
            missing.add(id);
            setMissing(true);
          }}
        />
      )}
    </span>
  );
}
