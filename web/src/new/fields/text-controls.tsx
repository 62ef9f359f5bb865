/** Everything that is written: times, colours, text, lists, JSON. */
import { useState } from 'react';
import { parseMediaTime } from '../../text/time';
import { type ControlProps, common, show } from './control-props';

/** One frame of a film, about; the arrows move by it. */
const FRAME_S = 0.04;

export function TimeControl(props: ControlProps) {
  const { schema, value, duration, onChange } = props;
  const shown = value === undefined ? '' : String(value);
  const step = (by: number) => {
    const now = parseMediaTime(shown || String(schema.default ?? '0'), duration) ?? 0;
    onChange(asClock(Math.max(0, now + by)));
  };
  return (
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
  );
}

function asClock(seconds: number): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const whole = Math.floor(seconds);
  const rest = (seconds - whole).toFixed(3).slice(1);
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}${rest}`;
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
  const lines = Array.isArray(value) ? value.map(show).join('\n') : '';
  return (
    <textarea
      {...common(props)}
      className="field"
      placeholder="One a line"
      spellCheck={false}
      value={typed ?? lines}
      onBlur={() => setTyped(null)}
      onChange={(event) => {
        setTyped(event.target.value);
        const given = event.target.value
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean);
        onChange(
          given.length === 0
            ? undefined
            : given.map((line) => (numeric && !Number.isNaN(Number(line)) ? Number(line) : line)),
        );
      }}
    />
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
