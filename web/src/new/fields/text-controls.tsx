/** Everything that is written: times, colours, text, lists, JSON. */
import { useState } from 'react';
import { fullClock, parseMediaTime } from '../../text/time';
import { usePlayer } from '../frame';
import { type ControlProps, common, show } from './control-props';

/** One frame of a film, about; the arrows move by it. */
const FRAME_S = 0.04;

export function TimeControl(props: ControlProps) {
  const { schema, value, duration, onChange } = props;
  const shown = value === undefined ? '' : String(value);
  const step = (by: number) => {
    const now = parseMediaTime(shown || String(schema.default ?? '0'), duration) ?? 0;
    onChange(fullClock(Math.max(0, now + by)));
  };
  return (
    <span className="flex flex-wrap items-center gap-2">
      <input
        {...common(props)}
        type="text"
        className="field max-w-[160px]"
        placeholder={show(schema.default ?? '00:00:00')}
        value={shown}
        autoComplete="off"
        onKeyDown={(event) => {
          if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
          event.preventDefault();
          step(event.key === 'ArrowUp' ? FRAME_S : -FRAME_S);
        }}
        onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
      />
      {schema.moment && <TakeMoment {...props} take={onChange} />}
    </span>
  );
}

/** Only while a player is open. */
function TakeMoment({ title, disabled, take }: ControlProps & { take(moment: string): void }) {
  const moment = usePlayer();
  if (!moment) return null;
  return (
    <button
      type="button"
      className="btn btn-small"
      aria-label={`Use this frame for ${title.toLowerCase()}`}
      aria-disabled={disabled || undefined}
      onClick={() => disabled || take(fullClock(moment()))}
    >
      Use this frame
    </button>
  );
}

export function ColourControl(props: ControlProps) {
  const { schema, value, title, disabled, onChange } = props;
  const shown = String(value ?? schema.default ?? '');
  return (
    <span className="flex items-center gap-2">
      <input
        type="color"
        className="size-8 rounded-4 border border-field bg-surface p-0.5"
        aria-label={`${title}, swatch`}
        disabled={disabled}
        value={/^#[0-9a-f]{6}$/i.test(shown) ? shown : '#000000'}
        onChange={(event) => onChange(event.target.value)}
      />
      <input
        {...common(props)}
        type="text"
        className="field max-w-[120px]"
        value={value === undefined ? '' : String(value)}
        placeholder={show(schema.default ?? '#1d6fd0')}
        onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
      />
    </span>
  );
}

export function TextControl(props: ControlProps) {
  const { schema, value, id, onChange } = props;
  const examples = (schema.examples ?? []).filter((one) => typeof one === 'string');
  const takesNumbers = (schema.anyOf ?? [schema]).some(({ type }) =>
    [type].flat().some((one) => one === 'number' || one === 'integer'),
  );
  return (
    <>
      <input
        {...common(props)}
        type={schema.format === 'uri' ? 'url' : 'text'}
        className={`field ${schema.maxLength && schema.maxLength > 200 ? '' : 'max-w-[320px]'}`}
        placeholder={schema.default === undefined ? (examples[0] ?? '') : show(schema.default)}
        list={examples.length > 1 ? `${id}-examples` : undefined}
        value={value === undefined ? '' : String(value)}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          const text = event.target.value;
          onChange(
            text === '' ? undefined : takesNumbers && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text,
          );
        }}
      />
      {examples.length > 1 && (
        <datalist id={`${id}-examples`}>
          {examples.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </>
  );
}

export function ListControl(props: ControlProps) {
  const { schema, value, onChange } = props;
  const numeric = ['number', 'integer'].includes(String(schema.items?.type));
  const [typed, setTyped] = useState<string | null>(null);
  const given = Array.isArray(value) ? value : [];
  const lines = given.map(show).join('\n');
  const text = (
    <textarea
      {...common(props)}
      className="field"
      placeholder="One a line"
      spellCheck={false}
      value={typed ?? lines}
      onBlur={() => setTyped(null)}
      onChange={(event) => {
        setTyped(event.target.value);
        const written = event.target.value
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean);
        onChange(
          written.length === 0
            ? undefined
            : written.map((line) => (numeric && !Number.isNaN(Number(line)) ? Number(line) : line)),
        );
      }}
    />
  );
  if (!schema.items?.moment) return text;
  return (
    <span className="flex flex-col items-start gap-2">
      {text}
      <TakeMoment {...props} take={(moment) => onChange([...given, moment])} />
    </span>
  );
}

export function JsonControl(props: ControlProps) {
  const { value, schema, onChange } = props;
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <textarea
      {...common(props)}
      className="field mono"
      spellCheck={false}
      placeholder={JSON.stringify(schema.examples?.[0] ?? schema.default ?? {})}
      value={
        typed ??
        (value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value, null, 1))
      }
      onChange={(event) => {
        setTyped(event.target.value);
        try {
          onChange(event.target.value.trim() === '' ? undefined : JSON.parse(event.target.value));
        } catch {
          onChange(event.target.value);
        }
      }}
    />
  );
}
