import { MillError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

/** Those of these names, all when there are none. Throws `invalid_request` that names the nearest. */
export function chosen<T extends { name: string }>(
  all: readonly T[],
  names: readonly string[],
  list: string,
): readonly T[] {
  const known = all.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const hint = near ? `; did you mean "${near}"?` : '.';
    throw new MillError('invalid_request', `There is no operation "${name}"${hint} \`${list}\` names them.`);
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}
