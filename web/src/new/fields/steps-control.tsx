/** A slider with a stop for each of the ordered choices; what is no stop can be written beside it. */
import { type ControlProps, common, show } from './control-props';
import { choicesOf } from './field-kind';

export function StepsControl(props: ControlProps) {
  const { schema, value, title, disabled, onChange } = props;
  const choices = (choicesOf(schema) ?? []).map(show);
  const usual = schema.default ?? schema.usual;
  const current = show(value ?? usual ?? choices[0]);
  const at = choices.indexOf(current);
  const part = choices.length > 1 ? (100 * Math.max(0, at)) / (choices.length - 1) : 0;
  // Where nothing is set the slider stands at what is usual; whoever writes that word means it.
  const put = (text: string) => onChange(text === '' ? undefined : text);
  return (
    <span className="flex items-center gap-4">
      <span className="relative flex max-w-[340px] flex-1 items-center">
        <input
          {...common(props)}
          type="range"
          className="slider"
          min={0}
          max={choices.length - 1}
          step={1}
          value={Math.max(0, at)}
          aria-valuetext={current}
          style={{ '--part': `${part}%` } as React.CSSProperties}
          onChange={(event) => {
            const choice = choices[event.target.valueAsNumber] ?? '';
            put(choice === show(usual) ? '' : choice);
          }}
        />
        <span className="pointer-events-none absolute inset-x-2 flex justify-between" aria-hidden="true">
          {choices.map((choice) => (
            <i key={choice} className="size-[3px] rounded-full bg-text-3" />
          ))}
        </span>
      </span>
      <input
        type="text"
        className="field w-[104px] flex-none"
        aria-label={`${title}, by name`}
        disabled={disabled}
        placeholder={show(usual ?? '')}
        spellCheck={false}
        autoComplete="off"
        value={value === undefined ? '' : show(value)}
        onChange={(event) => put(event.target.value)}
      />
    </span>
  );
}
