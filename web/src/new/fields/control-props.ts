/** What every control gets, and what it passes on to its element. */
import type { FieldProps } from './field-row';

export interface ControlProps extends FieldProps {
  id: string;
  title: string;
  disabled: boolean;
  describedBy: string;
}

export function common({ id, disabled, describedBy, mistake }: ControlProps) {
  return {
    id,
    disabled,
    'aria-describedby': describedBy,
    'aria-invalid': mistake ? true : undefined,
  } as const;
}

/** A value as it is written. */
export const show = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
