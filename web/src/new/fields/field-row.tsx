/** A field: label, its key in the API, control, hint; a dot when it is changed. */
import { type ReactNode, useId } from 'react';
import type { FieldSchema } from '../../api/types';
import { titleOf } from '../../text/names';
import { grouped } from '../../text/numbers';
import { CodeText } from '../../ui/code-text';
import type { Mistake } from './check';
import { Control } from './control';
import { fieldKind } from './field-kind';

export interface FieldProps {
  name: string;
  schema: FieldSchema;
  value: unknown;
  /** Length of the source, in seconds. */
  duration: number | null;
  /** The encoder that options are of, as far as it is known. */
  encoder: string | null;
  /** Bytes of the source. */
  sourceBytes: number | null;
  required: boolean;
  mistake: Mistake | null;
  /** The other field that makes this one meaningless. */
  offBy: { name: string; title: string; clear(): void } | null;
  onChange(value: unknown): void;
}

export function FieldRow(props: FieldProps) {
  const { name, schema, value, required, mistake, offBy, onChange } = props;
  const id = useId();
  const title = schema.title ?? titleOf(name);
  const changed = value !== undefined;
  const group = ['segments', 'files', 'options'].includes(fieldKind(schema));
  const label = (
    <>
      {title}
      {required && <span className="unseen"> (needed)</span>}
    </>
  );
  return (
    <div
      className="relative grid grid-cols-[minmax(0,1fr)] gap-x-6 gap-y-1.5 px-4 py-2.5 tab:grid-cols-[minmax(120px,150px)_minmax(0,1fr)]"
      data-field={name}
    >
      <div className="tab:pt-1.5">
        {changed && (
          <span className="absolute mt-[7px] -ml-2.5 size-[5px] rounded-full bg-accent" title="Changed" />
        )}
        {group ? (
          <span id={`${id}-label`} className={offBy ? 'text-text-3' : ''}>
            {label}
          </span>
        ) : (
          <label htmlFor={id} className={offBy ? 'text-text-3' : ''}>
            {label}
          </label>
        )}
        <code className="block text-text-3 max-tab:inline max-tab:pl-2">{name}</code>
      </div>
      <div className="min-w-0">
        <Control {...props} id={id} title={title} disabled={offBy !== null} describedBy={`${id}-hint`} />
        <div id={`${id}-hint`} className="t12 pt-1 text-text-2">
          {mistake ? (
            <p className="text-failed">
              {mistake.message}{' '}
              {mistake.fix !== undefined && (
                <button type="button" className="link" onClick={() => onChange(mistake.fix)}>
                  Use {typeof mistake.fix === 'number' ? grouped(mistake.fix) : String(mistake.fix)}
                </button>
              )}
            </p>
          ) : offBy ? (
            <p>
              Not used while {offBy.title.toLowerCase()} is set.{' '}
              <button type="button" className="link" onClick={offBy.clear}>
                Clear {offBy.title.toLowerCase()}
              </button>
            </p>
          ) : (
            <Hint {...props} />
          )}
        </div>
      </div>
    </div>
  );
}

function Hint({ schema, value, duration }: FieldProps): ReactNode {
  const { description = '', default: initial, minimum, maximum, unit } = schema;
  const parts = [description];
  const plain = ['string', 'number'].includes(typeof initial);
  if (plain && !/default/i.test(description)) parts.push(`Default ${String(initial)}.`);
  if (
    minimum !== undefined &&
    maximum !== undefined &&
    maximum < 1e9 &&
    unit !== 'bits/s' &&
    unit !== 'bytes'
  ) {
    parts.push(`${String(minimum).replace('-', '−')} to ${grouped(maximum).replace('-', '−')}.`);
  }
  const predicted = unit === 'bits/s' && value !== undefined ? predictedSize(value, duration) : null;
  if (predicted) return <p>{predicted}</p>;
  const text = parts.filter(Boolean).join(' ');
  return text ? (
    <p>
      <CodeText text={text} />
    </p>
  ) : null;
}

function predictedSize(value: unknown, duration: number | null): string | null {
  if (duration === null) return null;
  const match = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(String(value));
  if (!match) return null;
  const bits = Number(match[1]) * (match[2] === 'M' ? 1e6 : match[2] === 'k' ? 1000 : 1);
  const bytes = (bits * duration) / 8;
  const [amount, unit] = bytes >= 1e9 ? [bytes / 1e9, 'GB'] : [bytes / 1e6, 'MB'];
  return `About ${Number(amount.toPrecision(3))} ${unit}, and what else is in the file.`;
}
