/** Names and values, such as an encoder's own options; a value may be a table of its own. */
import { Plus, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ControlProps } from './control-props';
import { type KnownOption, nearestName, useEncoderOptions } from './option-names';

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
  encoder,
}: ControlProps) {
  const [reached, setReached] = useState(false);
  const known = useEncoderOptions(reached || value !== undefined ? encoder : null);
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
      onFocus={() => setReached(true)}
      className={`overflow-hidden rounded-6 border ${mistake ? 'border-failed' : 'border-field'}`}
    >
      <Rows
        rows={rows}
        put={put}
        depth={0}
        nests={nests}
        title={title}
        known={known}
        listId={`${id}-names`}
      />
      {known.length > 0 && (
        <datalist id={`${id}-names`}>
          {known.map(({ name, help }) => (
            <option key={name} value={name} label={help} />
          ))}
        </datalist>
      )}
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
  /** What the encoder takes; empty while that is not known, and for options within an option. */
  known: readonly KnownOption[];
  listId: string;
}

const NONE: readonly KnownOption[] = [];

function Rows({ rows, put, depth, nests, title, known, listId }: RowsProps) {
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
          list={known.length > 0 ? listId : undefined}
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
            list={valuesOf(row, known).length > 0 ? `${listId}-${row.key}` : undefined}
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
      <OptionHint
        row={row}
        known={known}
        listId={`${listId}-${row.key}`}
        rename={(name) => set(index, { name })}
      />
      {row.rows && (
        <Rows
          rows={row.rows}
          put={(nested) => set(index, { rows: nested })}
          depth={depth + 1}
          nests={nests}
          title={row.name}
          known={NONE}
          listId={listId}
        />
      )}
    </div>
  ));
}

const valuesOf = (row: Row, known: readonly KnownOption[]) =>
  known.find(({ name }) => name === row.name)?.values ?? [];

/** What the option takes; for one that the encoder does not know, the one that was probably meant. */
function OptionHint({
  row,
  known,
  listId,
  rename,
}: {
  row: Row;
  known: readonly KnownOption[];
  listId: string;
  rename(name: string): void;
}) {
  const option = known.find(({ name }) => name === row.name);
  const meant = option
    ? null
    : nearestName(
        row.name.trim(),
        known.map(({ name }) => name),
      );
  if (!option && !meant) return null;
  const words = option
    ? [
        option.help,
        option.takes && `Takes ${option.takes}.`,
        option.default === null ? '' : `Default ${option.default}.`,
      ].filter(Boolean)
    : [];
  return (
    <p className="t12 border-b border-line px-3 py-1 text-text-2">
      {option ? (
        words.join(' ')
      ) : (
        <>
          Not an option of this encoder.{' '}
          <button type="button" className="link" onClick={() => meant && rename(meant)}>
            Use {meant}
          </button>
        </>
      )}
      {option && option.values.length > 0 && (
        <datalist id={listId}>
          {option.values.map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      )}
    </p>
  );
}
