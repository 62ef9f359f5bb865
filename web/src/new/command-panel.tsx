/** The same job for a terminal, as it is being written. */
import { useState } from 'react';
import { cliText, curlText, jsonText, type Submission } from '../jobs/command-text';
import { CopyButton } from '../ui/copy-button';

const FORMS = [
  ['curl', curlText],
  ['mediamill', cliText],
  ['JSON', jsonText],
] as const;

export function CommandPanel({ submissions }: { submissions: readonly Submission[] }) {
  const [form, setForm] = useState<(typeof FORMS)[number][0]>('curl');
  const write = FORMS.find(([name]) => name === form)?.[1] ?? jsonText;
  const text = write(submissions);
  return (
    <section className="panel" aria-label="For a terminal">
      <div className="flex items-center border-b border-line pr-1 pl-4">
        <div className="tabs flex-1" role="tablist" aria-label="Form">
          {FORMS.map(([name]) => (
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
