/** Names and values, such as an encoder's own options; a value may be a table of its own. */
import { Plus, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ControlProps } from './control-props';

interface Row {
  key: number;
  name: string;
  text: string;
  /** Rows of a nested table. */
  rows?: Row[];
}

let count = 0;

function rowsOf(value: unknown): Row[] {
  return Object.entries((value ?? {}) as Record<string, unknown>).map(([name, one]) =>
    typeof one === 'object' && one !== null
      ? { key: ++count, name, text: '', rows: rowsOf(one) }
      : { key: ++count, name, text: String(one) },
  );
}

function optionsOf(rows: Row[]): Record<string, unknown> | undefined {
  const entries = rows
    .filter(({ name }) => name.trim() !== '')
    .map(({ name, text, rows: nested }) => [name.trim(), nested ? (optionsOf(nested) ?? {}) : typed(text)]);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function typed(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
}

export function OptionsField({
  id,
  title,
  schema,
  value,
  onChange,
  describedBy,
  mistake,
  disabled,
}: ControlProps) {
  const [rows, setRows] = useState<Row[]>(() => rowsOf(value));
  // Reset from outside.
  useEffect(() => {
    if (value === undefined)
      setRows((before) => (before.some(({ name }) => name.trim() !== '') ? [] : before));
  }, [value]);
  const put = (next: Row[]) => {
    setRows(next);
    onChange(optionsOf(next));
  };
  const nests = JSON.stringify(schema.additionalProperties ?? {}).includes('"object"');
  return (
    <fieldset
      id={id}
      aria-label={title}
      aria-describedby={describedBy}
      disabled={disabled}
      className={`overflow-hidden rounded-6 border ${mistake ? 'border-failed' : 'border-field'}`}
    >
      <Rows rows={rows} put={put} depth={0} nests={nests} title={title} />
      <button
        type="button"
        className="btn btn-quiet btn-small w-full justify-start rounded-none"
        onClick={() => setRows([...rows, { key: ++count, name: '', text: '' }])}
      >
        <Plus size={14} aria-hidden="true" /> Add an option
      </button>
    </fieldset>
  );
}

interface RowsProps {
  rows: Row[];
  put(rows: Row[]): void;
  depth: number;
  nests: boolean;
  title: string;
}

function Rows({ rows, put, depth, nests, title }: RowsProps) {
  const set = (index: number, part: Partial<Row>) =>
    put(rows.with(index, { ...(rows[index] as Row), ...part }));
  return rows.map((row, index) => (
    <div key={row.key}>
      <div className="flex items-center border-b border-line">
        <input
          type="text"
          className="mono min-h-8 w-[45%] border-r border-line bg-transparent px-3"
          style={{ paddingLeft: `${12 + 14 * depth}px` }}
          aria-label={`Name of an option in ${title}`}
          placeholder="name"
          spellCheck={false}
          autoComplete="off"
          value={row.name}
          onChange={(event) => {
            const name = event.target.value;
            // Options that hold options are called so: x265-params.
            const holds = nests && depth === 0 && /-params$/.test(name);
            set(index, {
              name,
              rows: holds ? (row.rows ?? [{ key: ++count, name: '', text: '' }]) : undefined,
            });
          }}
        />
        {row.rows ? (
          <span className="flex-1 px-3 text-text-2">{row.rows.length} options</span>
        ) : (
          <input
            type="text"
            className="mono min-h-8 min-w-0 flex-1 bg-transparent px-3"
            aria-label={`Value of ${row.name || 'the option'}`}
            placeholder="value"
            spellCheck={false}
            autoComplete="off"
            value={row.text}
            onChange={(event) => set(index, { text: event.target.value })}
          />
        )}
        {row.rows && (
          <button
            type="button"
            className="btn btn-quiet size-8 min-h-0 p-0"
            aria-label={`Add to ${row.name}`}
            onClick={() => set(index, { rows: [...(row.rows ?? []), { key: ++count, name: '', text: '' }] })}
          >
            <Plus size={14} aria-hidden="true" />
          </button>
        )}
        <button
          type="button"
          className="btn btn-quiet size-8 min-h-0 p-0"
          aria-label={`Leave out ${row.name || 'the option'}`}
          onClick={() => put(rows.toSpliced(index, 1))}
        >
          <X size={14} aria-hidden="true" />
        </button>
      </div>
      {row.rows && (
        <Rows
          rows={row.rows}
          put={(nested) => set(index, { rows: nested })}
          depth={depth + 1}
          nests={nests}
          title={row.name}
        />
      )}
    </div>
  ));
}
