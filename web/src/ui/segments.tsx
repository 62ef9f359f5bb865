/** A choice of few, all in sight. */

interface Props<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; text: string; off?: string; className?: string }[];
  onChange(value: T): void;
  id?: string;
  describedBy?: string;
}

export function Segments<T extends string>({ label, value, options, onChange, id, describedBy }: Props<T>) {
  return (
    <fieldset className="segments" aria-label={label} id={id} aria-describedby={describedBy}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          aria-disabled={option.off !== undefined || undefined}
          title={option.off}
          className={`${option.className ?? ''} ${option.off === undefined ? '' : 'line-through'}`}
          onClick={() => option.off === undefined && onChange(option.value)}
        >
          {option.text}
        </button>
      ))}
    </fieldset>
  );
}
