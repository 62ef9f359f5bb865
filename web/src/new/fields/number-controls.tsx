/** Numbers, and quantities with units. */
import { useState } from 'react';
import { grouped } from '../../text/numbers';
import { type ControlProps, common, show } from './control-props';
import { joinRate, parseBytes, RATE_UNITS, type RateUnit, splitRate } from './quantities';

/** Keeps what is being typed, also while it is no number yet. */
function NumberInput({ props, className }: { props: ControlProps; className: string }) {
  const { schema, value, onChange } = props;
  return (
    <input
      {...common(props)}
      type="number"
      inputMode="decimal"
      step={schema.type === 'integer' ? 1 : 'any'}
      className={`field ${className}`}
      placeholder={schema.default === undefined ? '' : show(schema.default)}
      value={typeof value === 'number' ? value : ''}
      onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.valueAsNumber)}
    />
  );
}

export function NumberControl(props: ControlProps) {
  const { unit } = props.schema;
  return (
    <span className="flex items-center gap-2">
      <NumberInput props={props} className="max-w-[130px]" />
      {unit && unit.length < 14 && <span className="text-text-2">{unit}</span>}
    </span>
  );
}

export function SliderControl(props: ControlProps) {
  const { schema, value, title, disabled, onChange } = props;
  const { minimum = 0, maximum = 1, type, unit } = schema;
  const current =
    typeof value === 'number'
      ? value
      : typeof schema.default === 'number'
        ? schema.default
        : (minimum + maximum) / 2;
  const step = type === 'integer' ? 1 : maximum - minimum <= 2 ? 0.01 : 0.1;
  const part = (100 * (Math.min(maximum, Math.max(minimum, current)) - minimum)) / (maximum - minimum);
  return (
    <span className="flex items-center gap-4">
      <input
        type="range"
        className="slider max-w-[340px]"
        aria-label={`${title}, slider`}
        disabled={disabled}
        min={minimum}
        max={maximum}
        step={step}
        value={current}
        style={{ '--part': `${part}%` } as React.CSSProperties}
        onChange={(event) => {
          const next = Number(event.target.valueAsNumber.toFixed(4));
          onChange(next === schema.default ? undefined : next);
        }}
      />
      <NumberInput props={props} className="w-[76px] flex-none" />
      {unit && unit.length < 8 && <span className="text-text-2">{unit}</span>}
    </span>
  );
}

export function BytesControl(props: ControlProps) {
  const { schema, value, sourceBytes, onChange } = props;
  const shown = value === undefined ? '' : String(value);
  const bytes = parseBytes(String(value ?? schema.default ?? ''));
  const parts =
    bytes && sourceBytes && /part|chunk/i.test(`${props.name} ${schema.title ?? ''}`)
      ? Math.ceil(sourceBytes / bytes)
      : null;
  return (
    <span className="flex flex-wrap items-center gap-3">
      <input
        {...common(props)}
        type="text"
        className="field max-w-[130px]"
        placeholder={show(schema.default ?? schema.examples?.[0] ?? '10MB')}
        value={shown}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
      />
      {bytes !== null && (
        <span className="t12 text-text-2">
          {grouped(bytes)} bytes{parts === null ? '' : `, ${parts} ${parts === 1 ? 'part' : 'parts'}`}
        </span>
      )}
    </span>
  );
}

export function RateControl(props: ControlProps) {
  const { schema, value, title, disabled, onChange } = props;
  const usual: RateUnit = (schema.maximum ?? 1e9) > 2e7 ? 'Mb/s' : 'kb/s';
  const [chosen, setChosen] = useState<RateUnit>(usual);
  const { amount, unit } = splitRate(value, chosen);
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <span className="flex items-center gap-2">
      <input
        {...common(props)}
        type="text"
        inputMode="decimal"
        className="field max-w-[110px]"
        placeholder={schema.default === undefined ? '' : splitRate(schema.default, usual).amount}
        value={typed ?? amount}
        onBlur={() => setTyped(null)}
        onChange={(event) => {
          setTyped(event.target.value);
          onChange(joinRate(event.target.value, unit));
        }}
      />
      <select
        className="field w-[92px]"
        aria-label={`${title}, unit`}
        disabled={disabled}
        value={unit}
        onChange={(event) => {
          const next = event.target.value as RateUnit;
          setChosen(next);
          if (amount !== '') onChange(joinRate(amount, next));
        }}
      >
        {RATE_UNITS.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </span>
  );
}
