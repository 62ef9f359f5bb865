/** One of few, one of many, yes or no. */
import { Segments } from '../../ui/segments';
import { type ControlProps, common, show } from './control-props';
import { choicesOf } from './field-kind';

export function SwitchControl(props: ControlProps) {
  const { schema, value, title, onChange } = props;
  const initial = schema.default === true;
  const on = typeof value === 'boolean' ? value : initial;
  return (
    <span className="flex min-h-[var(--control-h)] items-center gap-3">
      <input
        {...common(props)}
        type="checkbox"
        role="switch"
        className="switch"
        aria-label={title}
        aria-checked={on}
        checked={on}
        onChange={(event) => onChange(event.target.checked === initial ? undefined : event.target.checked)}
      />
      <span aria-hidden="true">{on ? 'On' : 'Off'}</span>
    </span>
  );
}

export function SegmentsControl({ schema, value, title, id, describedBy, onChange }: ControlProps) {
  const choices = choicesOf(schema) ?? [];
  const current = String(value ?? schema.default ?? '');
  return (
    <Segments
      id={id}
      label={title}
      describedBy={describedBy}
      value={current}
      options={choices.map((choice) => ({ value: String(choice), text: show(choice) }))}
      onChange={(text) => {
        const chosen = choices.find((choice) => String(choice) === text);
        // A second press takes back what has no default.
        onChange(
          chosen === schema.default || (text === current && schema.default === undefined)
            ? undefined
            : chosen,
        );
      }}
    />
  );
}

export function SelectControl(props: ControlProps) {
  const { schema, value, onChange } = props;
  const choices = choicesOf(schema) ?? [];
  return (
    <select
      {...common(props)}
      className="field max-w-[280px]"
      value={value === undefined ? '' : String(choices.indexOf(value))}
      onChange={(event) =>
        onChange(event.target.value === '' ? undefined : choices[Number(event.target.value)])
      }
    >
      <option value="">
        {schema.default === undefined ? 'Not set' : `${show(schema.default)} (default)`}
      </option>
      {choices.map((choice, index) =>
        choice === schema.default ? null : (
          <option key={show(choice)} value={index}>
            {show(choice)}
          </option>
        ),
      )}
    </select>
  );
}
