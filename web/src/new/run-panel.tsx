/** When and how it runs. */
import { ChevronRight } from 'lucide-react';
import { useId } from 'react';
import { useTaskTitle } from '../api/queries';
import { ENDED } from '../api/types';
import { allJobs } from '../live/jobs-store';
import { jobName } from '../text/names';
import { Segments } from '../ui/segments';
import type { Output, RunOptions } from './draft';

interface Props {
  run: RunOptions;
  /** The one output whose name can be chosen; null when there are several files. */
  named: Output | null;
  extensions: readonly string[];
  onChange(run: RunOptions): void;
  onName(name: string): void;
}

/** Jobs to wait for that are offered. */
const OFFERED = 30;

export function RunPanel({ run, named, extensions, onChange, onName }: Props) {
  const id = useId();
  const set = (part: Partial<RunOptions>) => onChange({ ...run, ...part });
  return (
    <>
      {named && (
        <Row
          label="Save as"
          htmlFor={`${id}-name`}
          hint={
            extensions.length > 0
              ? `In output/; ends in ${extensions.slice(0, 4).join(', ')}${extensions.length > 4 ? ' …' : ''}`
              : 'In output/'
          }
        >
          <input
            id={`${id}-name`}
            type="text"
            className="field"
            placeholder="A name of its own"
            spellCheck={false}
            autoComplete="off"
            value={named.saveAs}
            onChange={(event) => onName(event.target.value)}
          />
        </Row>
      )}
      <Row label="Start">
        <Segments
          label="Start"
          value={run.start}
          options={[
            { value: 'now', text: 'Now' },
            { value: 'later', text: 'At a time' },
            { value: 'after', text: 'After a job' },
          ]}
          onChange={(start) => set({ start })}
        />
        {run.start === 'later' && (
          <input
            type="datetime-local"
            className="field mt-2"
            aria-label="Start at"
            value={run.at}
            onChange={(event) => set({ at: event.target.value })}
          />
        )}
        {run.start === 'after' && <AfterJob value={run.after} onChange={(after) => set({ after })} />}
      </Row>
      <Row label="Attempts" htmlFor={`${id}-attempts`}>
        <NumberField
          id={`${id}-attempts`}
          value={run.attempts}
          min={1}
          max={100}
          placeholder="3"
          onChange={(attempts) => set({ attempts })}
        />
      </Row>
      <details className="group border-t border-line">
        <summary className="flex min-h-10 items-center gap-2 px-4">
          <ChevronRight size={14} className="text-text-3 group-open:rotate-90" aria-hidden="true" />
          Priority, time limit
        </summary>
        <Row label="Priority" htmlFor={`${id}-priority`} hint="0 (last) to 100 (first); default 50">
          <NumberField
            id={`${id}-priority`}
            value={run.priority}
            min={0}
            max={100}
            placeholder="50"
            onChange={(priority) => set({ priority })}
          />
        </Row>
        <Row label="Time limit" htmlFor={`${id}-timeout`} hint="Seconds for one attempt">
          <NumberField
            id={`${id}-timeout`}
            value={run.timeout}
            min={1}
            max={604_800}
            placeholder="from the settings"
            onChange={(timeout) => set({ timeout })}
          />
        </Row>
      </details>
    </>
  );
}

function Row({
  label,
  htmlFor,
  hint,
  children,
}: {
  label: string;
  htmlFor?: string;
  hint?: string;
  children: React.ReactNode;
}) {
  return (
    <div className="grid grid-cols-[72px_minmax(0,1fr)] gap-2 px-4 py-2">
      {htmlFor ? (
        <label htmlFor={htmlFor} className="pt-1.5">
          {label}
        </label>
      ) : (
        <span className="pt-1.5">{label}</span>
      )}
      <div className="min-w-0">
        {children}
        {hint && <p className="t12 pt-1 text-text-2">{hint}</p>}
      </div>
    </div>
  );
}

interface NumberProps {
  id: string;
  value: number | null;
  min: number;
  max: number;
  placeholder: string;
  onChange(value: number | null): void;
}

function NumberField({ id, value, min, max, placeholder, onChange }: NumberProps) {
  return (
    <input
      id={id}
      type="number"
      className="field max-w-[150px]"
      min={min}
      max={max}
      placeholder={placeholder}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value === '' ? null : event.target.valueAsNumber)}
    />
  );
}

function AfterJob({ value, onChange }: { value: string; onChange(id: string): void }) {
  const titleOf = useTaskTitle();
  const jobs = [...allJobs()].filter(({ status }) => !ENDED.includes(status)).slice(0, OFFERED);
  return (
    <select
      className="field mt-2"
      aria-label="After which job"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{jobs.length > 0 ? 'Choose a job' : 'No job is waiting or running'}</option>
      {jobs.map((job) => (
        <option key={job.id} value={job.id}>
          {titleOf(job.task)}: {jobName(job)}
        </option>
      ))}
    </select>
  );
}
