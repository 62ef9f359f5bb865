/** Data as tables that can be read, with the raw JSON one click away. */
import { useState } from 'react';
import { Panel } from '../job/panel';
import { titleOf } from '../text/names';
import { grouped, size } from '../text/numbers';
import { inWords } from '../text/time';
import { CopyButton } from '../ui/copy-button';

interface Props {
  data: Record<string, unknown>;
  name: string;
  /** Without the long lists. */
  compact?: boolean;
}

/** Longer lists are cut; the file has all of them. */
const MOST_ROWS = 200;
const MOST_RAW = 400_000;

export function DataTables({ data, name, compact = false }: Props) {
  const [raw, setRaw] = useState(false);
  const entries = Object.entries(data).filter(([, value]) => !compact || !Array.isArray(value));
  const plain = entries.filter(([, value]) => !isNested(value));
  const nested = entries.filter(([, value]) => isNested(value));
  return (
    <Panel
      title="Result"
      aside={name}
      actions={
        <span className="-mr-2 flex items-center gap-1">
          <button
            type="button"
            className="btn btn-quiet btn-small"
            aria-pressed={raw}
            onClick={() => setRaw(!raw)}
          >
            {raw ? 'Table' : 'JSON'}
          </button>
          <CopyButton text={() => JSON.stringify(data, null, 2)} />
        </span>
      }
    >
      {raw ? (
        <pre
          tabIndex={0}
          className="well mono t12 max-h-[560px] overflow-auto p-4 break-words whitespace-pre-wrap"
        >
          {JSON.stringify(data, null, 2).slice(0, MOST_RAW)}
        </pre>
      ) : (
        <div className="pb-2">
          {plain.length > 0 && <Pairs entries={plain} />}
          {nested.map(([key, value]) => (
            <Section key={key} name={key} value={value} depth={0} />
          ))}
        </div>
      )}
    </Panel>
  );
}

const isNested = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !(Array.isArray(value) && value.every((one) => typeof one !== 'object'));

function Section({ name, value, depth }: { name: string; value: unknown; depth: number }) {
  return (
    <section className="border-t border-line first:border-t-0">
      <h3 className="px-4 pt-3 font-semibold" style={{ paddingLeft: `${16 + 12 * depth}px` }}>
        {titleOf(name)}{' '}
        {Array.isArray(value) && <span className="font-normal text-text-3">{value.length}</span>}
      </h3>
      {Array.isArray(value) ? (
        <Rows rows={value} label={titleOf(name)} />
      ) : (
        <Nested value={value as Record<string, unknown>} depth={depth} />
      )}
    </section>
  );
}

function Nested({ value, depth }: { value: Record<string, unknown>; depth: number }) {
  const groups = grouping(value);
  if (groups) {
    return [...groups].map(([group, entries]) => (
      <section key={group}>
        <h4 className="t12 px-4 pt-3 text-text-3">{group}</h4>
        <Pairs entries={entries} />
      </section>
    ));
  }
  const entries = Object.entries(value);
  return (
    <>
      <Pairs entries={entries.filter(([, one]) => !isNested(one))} />
      {entries
        .filter(([, one]) => isNested(one))
        .map(([key, one]) => (
          <Section key={key} name={key} value={one} depth={depth + 1} />
        ))}
    </>
  );
}

/** "EXIF:Make", "GPS:Latitude": tags of exiftool come under the name of their group. */
function grouping(value: Record<string, unknown>): Map<string, [string, unknown][]> | null {
  const entries = Object.entries(value);
  if (entries.length < 3 || !entries.every(([key]) => /^\w[\w-]*:/.test(key))) return null;
  return Map.groupBy(
    entries.map(([key, one]): [string, unknown, string] => [
      key.slice(key.indexOf(':') + 1),
      one,
      key.split(':')[0] ?? '',
    ]),
    ([, , group]) => group,
  ) as unknown as Map<string, [string, unknown][]>;
}

function Pairs({ entries }: { entries: readonly [string, unknown, ...unknown[]][] }) {
  return (
    <dl className="px-4 py-2">
      {entries.map(([key, value]) => (
        <div key={key} className="grid grid-cols-[minmax(110px,200px)_minmax(0,1fr)] gap-4 py-0.5">
          <dt className="break-words text-text-2">{labelOf(key)}</dt>
          <dd className="break-words" dir="auto">
            {show(key, value)}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Rows({ rows, label }: { rows: readonly unknown[]; label: string }) {
  const objects = rows.filter(
    (row): row is Record<string, unknown> => typeof row === 'object' && row !== null && !Array.isArray(row),
  );
  if (objects.length !== rows.length) return <p className="px-4 py-2 break-words">{JSON.stringify(rows)}</p>;
  const columns = [...new Set(objects.slice(0, MOST_ROWS).flatMap((row) => Object.keys(row)))].filter((key) =>
    objects.some((row) => row[key] !== null && row[key] !== undefined && !isNested(row[key])),
  );
  return (
    <div className="max-h-[420px] overflow-auto px-4 py-2" tabIndex={0} role="region" aria-label={label}>
      <table className="w-full border-collapse text-left">
        <thead>
          <tr>
            {columns.map((key) => (
              <th
                key={key}
                className="t12 sticky top-0 bg-surface py-1 pr-4 font-normal whitespace-nowrap text-text-2"
              >
                {labelOf(key)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {objects.slice(0, MOST_ROWS).map((row, index) => (
            <tr key={index} className="border-t border-line">
              {columns.map((key) => (
                <td key={key} className="max-w-[360px] py-1 pr-4 align-top break-words">
                  {isNested(row[key]) ? '…' : show(key, row[key])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {objects.length > MOST_ROWS && (
        <p className="t12 py-2 text-text-2">and {grouped(objects.length - MOST_ROWS)} more in the file</p>
      )}
    </div>
  );
}

/** `duration_s` is a duration; its unit stands with the number. */
const labelOf = (key: string) => titleOf(key.replace(/(.)_(s|bytes|ms|hz)$/, '$1'));

/** Numbers get the unit that their name ends in. */
function show(key: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') {
    if (/size_bytes$|^size$|_bytes$/.test(key)) return `${size(value)} (${grouped(value)} bytes)`;
    if (/(^|_)duration_s$/.test(key)) return value >= 60 ? `${inWords(value)} (${value} s)` : `${value} s`;
    if (/_s$/.test(key)) return `${value} s`;
    if (/bit_rate$/.test(key)) return `${grouped(value)} b/s`;
    return String(value).replace('-', '−');
  }
  return Array.isArray(value) ? value.join(', ') : String(value);
}
