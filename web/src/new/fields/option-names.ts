/** The options an encoder knows, asked of the server once somebody writes one. */
import { useQuery } from '@tanstack/react-query';
import { call } from '../../api/client';

export interface KnownOption {
  name: string;
  help: string;
  takes: string;
  values: string[];
  default: string | number | null;
}

export function useEncoderOptions(encoder: string | null): readonly KnownOption[] {
  const { data } = useQuery({
    queryKey: ['encoder-options', encoder],
    enabled: encoder !== null && /^[a-z0-9_-]{2,32}$/.test(encoder),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn: async () =>
      (await call('GET /api/encoders/{name}/options', { path: { name: encoder ?? '' } })).options,
  });
  return data ?? [];
}

/** Changes of a letter that make one word of the other, up to `most`. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    row = next;
  }
  return row[b.length] ?? most + 1;
}

const MOST_CHANGES = 3;

/** The one that was probably meant; null for one that is known, or like none. */
export function nearestName(name: string, known: readonly string[]): string | null {
  if (name.length < 2 || known.includes(name)) return null;
  const text = name.toLowerCase();
  const found = known
    .map((one) => ({ one, far: distance(text, one.toLowerCase(), MOST_CHANGES) }))
    .sort((a, b) => a.far - b.far)[0];
  return found && found.far <= Math.min(MOST_CHANGES, Math.ceil(name.length / 3)) ? found.one : null;
}
