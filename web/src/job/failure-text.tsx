/** The sentence, the code, and what was expected and found. */
import type { Failure, Job } from '../api/types';
import { grouped } from '../text/numbers';
import { inWords } from '../text/time';

export function FailureText({ job }: { job: Job }) {
  const { error } = job;
  if (!error) return null;
  return (
    <div className="rounded-10 border border-failed-line bg-failed-soft p-4">
      <p className="font-semibold">{error.title}</p>
      <p className="break-words text-text-2">{error.detail}</p>
      <p className="pt-2">
        <code className="text-failed">{error.code}</code>{' '}
        <span className="text-text-2">{expectation(error)}</span>
      </p>
      <p className="pt-2 text-text-2">{error.next}</p>
    </div>
  );
}

/** "expected 724 s, got 683.12 s" */
export function expectation({ facts = {} }: Failure): string {
  const { announced_s, found_s, announced_frames, found_frames } = facts;
  if (typeof announced_s === 'number' && typeof found_s === 'number')
    return `expected ${inWords(announced_s)}, got ${inWords(found_s)}`;
  if (typeof announced_frames === 'number' && typeof found_frames === 'number')
    return `expected ${grouped(announced_frames)} frames, got ${grouped(found_frames)}`;
  return '';
}
