/** What was read, decoded and encoded. */
import type { Job, Plan } from '../api/types';
import { Panel } from './panel';

const READS: Record<string, string> = {
  header: 'the header only',
  packets: 'packets, nothing is decoded',
  frames: 'single frames',
  key_frames: 'key frames only',
  decode: 'everything, decoded',
  full: 'everything, decoded',
  file: 'the bytes of the file',
};

export function PlanPanel({ job }: { job: Job }) {
  const { plan } = job;
  if (!plan) return null;
  return (
    <Panel title="Plan">
      <dl className="flex flex-col gap-1.5 p-4">
        {plan.source && <Line name="Source" value={plan.source} />}
        <Line name="Reads" value={READS[plan.reads] ?? plan.reads.replaceAll('_', ' ')} />
        {plan.steps.map((step, index) => (
          <Line
            key={index}
            name={nameOf(step)}
            value={[[step.from, step.to].filter(Boolean).join(' → '), step.detail].filter(Boolean).join(', ')}
          />
        ))}
      </dl>
    </Panel>
  );
}

function nameOf({ kind, stream }: Plan['steps'][number]): string {
  const word = kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll('_', ' ');
  return stream === null ? word : `${word} ${stream}`;
}

function Line({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex justify-between gap-4">
      <dt className="flex-none text-text-2">{name}</dt>
      <dd className="min-w-0 text-right break-words">{value}</dd>
    </div>
  );
}
