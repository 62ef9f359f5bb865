/** Text that is searched for in jobs. */
import { searchText } from '../../list-query.ts';

/** SQL: does the row of `job` hold the pattern that the parameter names? Of an error its words count. */
export function holdsText(pattern: string): string {
  const like = (column: string): string => `${column} LIKE ${pattern} ESCAPE '\\'`;
  const error = ['detail', 'title', 'code'].map((name) => like(`error ->> '${name}'`)).join(' OR ');
  const columns = ['id', 'task', 'input_path', 'output_path'].map(like).join(' OR ');
  return `(${columns} OR (error IS NOT NULL AND (${error}))) IS TRUE`;
}

/** A LIKE pattern; `%` and `_` in the text mean themselves. Throws `invalid_request` for a text too long. */
export function containing(text: string): string {
  return `%${searchText(text).replaceAll(/[\\%_]/g, '\\$&')}%`;
}
