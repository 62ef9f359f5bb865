/** The same job for a terminal, as it is being written. */
import { useState } from 'react';
import { cliText, curlText, jsonText, quoted, runCurl } from '../jobs/command-text';
import { CopyButton } from '../ui/copy-button';
import type { RunBody } from './recipes';
import type { Order } from './submit';

const FORMS = ['curl', 'mediamill', 'JSON'] as const;
/** More files than anybody reads here. */
const MOST = 20;

export function CommandPanel({ orders }: { orders: readonly Order[] }) {
  const [form, setForm] = useState<(typeof FORMS)[number]>('curl');
  const text = textOf(orders.slice(0, MOST), form);
  return (
    <section className="panel" aria-label="For a terminal">
      <div className="flex items-center border-b border-line pr-1 pl-4">
        <div className="tabs flex-1" role="tablist" aria-label="Form">
          {FORMS.map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`form-${name}`}
              aria-selected={form === name}
              aria-controls="form-text"
              onClick={() => setForm(name)}
            >
              {name}
            </button>
          ))}
        </div>
        <CopyButton text={text} />
      </div>
      <pre
        id="form-text"
        role="tabpanel"
        aria-labelledby={`form-${form}`}
        tabIndex={0}
        className="well t12 mono max-h-[420px] overflow-auto p-4 break-words whitespace-pre-wrap text-text-2"
      >
        {text}
      </pre>
    </section>
  );
}

function textOf(orders: readonly Order[], form: (typeof FORMS)[number]): string {
  const pathOf = ({ source }: Order) => source?.path ?? (source ? '(the file_id of the upload)' : null);
  const jobs = orders.flatMap((order) => order.jobs(pathOf(order)));
  const runs = orders.flatMap((order) => order.runs(pathOf(order) ?? ''));
  if (form === 'JSON') {
    const [only] = runs;
    if (runs.length === 0) return jsonText(jobs);
    return JSON.stringify(runs.length === 1 && jobs.length === 0 ? only : { runs, jobs }, null, 2);
  }
  const parts = jobs.length > 0 ? [form === 'curl' ? curlText(jobs) : cliText(jobs)] : [];
  return [...parts, ...runs.map((body) => (form === 'curl' ? runCurl(body) : runCli(body)))].join('\n\n');
}

/** Tasks of a recipe without a name are separate jobs on the command line. */
function runCli({ recipe, input_path, ...options }: RunBody): string {
  if (typeof recipe === 'string') return `mediamill recipe run ${recipe} ${quoted(String(input_path))} out`;
  return cliText(
    recipe.steps.map(({ task, params }) => ({ task, input_path, params: params ?? {}, ...options })),
  );
}
