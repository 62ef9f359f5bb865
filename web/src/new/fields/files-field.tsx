/** Files in an order: rows to move by pointer or Alt ↑ ↓, with the fields of an item as columns. */
import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react';
import { titleOf } from '../../text/names';
import { CutName } from '../../ui/cut-name';
import type { ControlProps } from './control-props';
import { columnsOf } from './field-kind';
import { nameOfPath, useUploading } from './file-field';

type Item = string | Record<string, unknown>;

export function FilesField({ id, title, schema, value, onChange, describedBy }: ControlProps) {
  const items = (Array.isArray(value) ? value : []) as Item[];
  const { path: pathKey, columns } = columnsOf(schema);
  const { text, send } = useUploading();
  const put = (next: Item[]) => onChange(next.length === 0 ? undefined : next);
  const pathOf = (item: Item) => (typeof item === 'string' ? item : String(item[pathKey ?? 'path'] ?? ''));
  const move = (index: number, by: number) => {
    const to = index + by;
    if (to < 0 || to >= items.length) return;
    put(items.toSpliced(index, 1).toSpliced(to, 0, items[index] as Item));
  };
  const set = (index: number, key: string, cell: unknown) => {
    const item = items[index] as Item;
    const object = typeof item === 'string' ? { [pathKey ?? 'path']: item } : { ...item };
    if (cell === undefined) delete object[key];
    else object[key] = cell;
    put(items.with(index, Object.keys(object).length === 1 ? pathOf(object) : object));
  };
  return (
    <fieldset
      id={id}
      aria-label={title}
      aria-describedby={describedBy}
      className="overflow-x-auto rounded-6 border border-field"
    >
      {items.length > 0 && (
        <table className="w-full border-collapse">
          <thead>
            <tr className="t11 text-left text-text-2">
              <th className="px-3 py-1.5 font-normal">File</th>
              {columns.map(([key, { unit }]) => (
                <th key={key} className="px-2 font-normal whitespace-nowrap">
                  {titleOf(key.replace(/_(db|ms)$/, ''))} {unit}
                </th>
              ))}
              <th className="w-24">
                <span className="unseen">Order</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((item, index) => (
              <tr
                key={`${pathOf(item)}-${index}`}
                className="border-t border-line"
                onKeyDown={(event) => {
                  if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
                  event.preventDefault();
                  move(index, event.key === 'ArrowUp' ? -1 : 1);
                }}
              >
                <td className="max-w-[220px] px-3 py-1">
                  <CutName name={nameOfPath(pathOf(item))} />
                </td>
                {columns.map(([key, column]) => (
                  <td key={key} className="px-1">
                    <input
                      type="number"
                      step="any"
                      className="field w-[76px]"
                      aria-label={`${titleOf(key)} of ${nameOfPath(pathOf(item))}`}
                      placeholder={String(column.default ?? '')}
                      value={typeof item === 'string' ? '' : String(item[key] ?? '')}
                      onChange={(event) =>
                        set(index, key, event.target.value === '' ? undefined : event.target.valueAsNumber)
                      }
                    />
                  </td>
                ))}
                <td className="pr-1 text-right whitespace-nowrap">
                  <IconButton
                    label={`Move ${nameOfPath(pathOf(item))} up`}
                    Icon={ArrowUp}
                    run={() => move(index, -1)}
                  />
                  <IconButton
                    label={`Move ${nameOfPath(pathOf(item))} down`}
                    Icon={ArrowDown}
                    run={() => move(index, 1)}
                  />
                  <IconButton
                    label={`Leave out ${nameOfPath(pathOf(item))}`}
                    Icon={X}
                    run={() => put(items.toSpliced(index, 1))}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="flex flex-wrap items-center gap-2 border-t border-line p-1.5 first:border-t-0">
        <label className="btn btn-quiet btn-small has-focus-visible:outline-2 has-focus-visible:outline-accent">
          <Plus size={14} aria-hidden="true" /> Add files
          <input
            type="file"
            multiple
            className="unseen"
            aria-label={`Add files to ${title}`}
            onChange={async (event) => put([...items, ...(await send([...(event.target.files ?? [])]))])}
          />
        </label>
        <input
          type="text"
          className="field min-w-[160px] flex-1"
          placeholder="or a path, then Enter"
          aria-label={`Path for ${title}`}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.currentTarget.value.trim() === '') return;
            event.preventDefault();
            put([...items, event.currentTarget.value.trim()]);
            event.currentTarget.value = '';
          }}
        />
        <span className="t12 text-text-2" role="status">
          {text}
        </span>
      </div>
    </fieldset>
  );
}

function IconButton({ label, Icon, run }: { label: string; Icon: typeof X; run(): void }) {
  return (
    <button type="button" className="btn btn-quiet size-7 min-h-0 p-0" aria-label={label} onClick={run}>
      <Icon size={14} aria-hidden="true" />
    </button>
  );
}
