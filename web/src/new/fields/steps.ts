/** Ordered choices: of an enum that says so, or by the value of another field, such as presets by encoder. */
import type { FieldSchema } from '../../api/types';

type Fields = Record<string, FieldSchema>;

/** The schema as it is while the other fields have these values; `enum` and `ordered` are set where there are steps. */
export function withSteps(
  schema: FieldSchema,
  properties: Fields,
  params: Record<string, unknown>,
): FieldSchema {
  const { steps } = schema;
  if (!steps) return schema;
  const other = params[steps.by] ?? properties[steps.by]?.default;
  const found = steps.of[String(other)];
  const own = { ...schema, steps: undefined };
  if (!found) return own;
  // A word beyond the steps, such as placebo, is written as text.
  return { ...own, ordered: true, enum: [...found.values], usual: found.usual };
}
