/** One output: the params of its task, made from the schema. */
import { ChevronRight } from 'lucide-react';
import { useId } from 'react';
import type { FieldSchema, Task } from '../api/types';
import { CodeText } from '../ui/code-text';
import { fieldTitle, type Mistakes, type Output, offBy } from './draft';
import { FieldRow } from './fields/field-row';
import { withSteps } from './fields/steps';

interface Props {
  output: Output;
  task: Task;
  mistakes: Mistakes;
  /** Mistakes of fields that nobody has touched are shown after the first try to run. */
  strict: boolean;
  duration: number | null;
  sourceBytes: number | null;
  onChange(output: Output): void;
}

export function OutputCard(props: Props) {
  const { output, task, mistakes, onChange } = props;
  const id = useId();
  const changed = Object.keys(output.params).length;
  const wrong = Object.keys(mistakes).length > 0;
  return (
    <section className="border-b border-line last:border-b-0" aria-labelledby={`${id}-title`}>
      <div className="flex min-h-11 items-center gap-2 px-4 py-1.5">
        <button
          type="button"
          className="flex min-w-0 flex-1 items-center gap-2 text-left"
          aria-expanded={output.open}
          aria-controls={`${id}-body`}
          onClick={() => onChange({ ...output, open: !output.open })}
        >
          <ChevronRight
            size={14}
            className={`flex-none text-text-3 ${output.open ? 'rotate-90' : ''}`}
            aria-hidden="true"
          />
          <strong id={`${id}-title`} className="truncate font-semibold">
            {task.title}
          </strong>
          <code className="truncate text-text-2 max-tab:hidden">{task.name}</code>
        </button>
        {wrong && props.strict && <span className="t12 text-failed">to fix</span>}
        {changed > 0 && (
          <button type="button" className="link" onClick={() => onChange({ ...output, params: {} })}>
            Reset {changed} changed
          </button>
        )}
      </div>
      {output.open && (
        <div id={`${id}-body`} className="border-t border-line pb-2">
          <p className="px-4 pt-3 pb-1 text-text-2">
            <CodeText text={task.description} />
          </p>
          <Fields {...props} />
        </div>
      )}
    </section>
  );
}

function Fields({ output, task, mistakes, strict, duration, sourceBytes, onChange }: Props) {
  const properties = task.params.properties ?? {};
  const all = Object.entries(properties);
  const set = (name: string, value: unknown) => {
    const params = { ...output.params };
    if (value === undefined) delete params[name];
    else params[name] = value;
    onChange({ ...output, params });
  };
  const row = ([name, plain]: [string, FieldSchema]) => {
    const schema = withSteps(plain, properties, output.params);
    const excluder = offBy(name, properties, output.params);
    const encoder = schema.encoder_field
      ? (output.params[schema.encoder_field] ?? properties[schema.encoder_field]?.default)
      : null;
    return (
      <FieldRow
        key={name}
        name={name}
        schema={schema}
        value={output.params[name]}
        duration={duration}
        encoder={typeof encoder === 'string' ? encoder : null}
        sourceBytes={sourceBytes}
        required={task.params.required?.includes(name) ?? false}
        mistake={strict || output.params[name] !== undefined ? (mistakes[name] ?? null) : null}
        offBy={
          excluder
            ? {
                name: excluder,
                title: fieldTitle(excluder, properties[excluder]),
                clear: () => set(excluder, undefined),
              }
            : null
        }
        onChange={(value) => set(name, value)}
      />
    );
  };
  const advanced = all.filter(([, { group }]) => group === 'advanced');
  const touched = advanced.some(([name]) => output.params[name] !== undefined || (strict && mistakes[name]));
  return (
    <>
      {all.filter(([, { group }]) => group !== 'advanced').map(row)}
      {all.length === 0 && <p className="px-4 py-2 text-text-2">There is nothing to choose.</p>}
      {advanced.length > 0 && (
        <details className="group mt-1 border-t border-line" open={touched || undefined}>
          <summary className="flex min-h-10 items-center gap-2 px-4">
            <ChevronRight
              size={14}
              className="flex-none text-text-3 group-open:rotate-90"
              aria-hidden="true"
            />
            <span>Advanced</span>
            <span className="t12 truncate text-text-3">
              {advanced.map(([name, schema]) => fieldTitle(name, schema).toLowerCase()).join(', ')}
            </span>
          </summary>
          {advanced.map(row)}
        </details>
      )}
    </>
  );
}
