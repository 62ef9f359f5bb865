/** What a worker finds out about a job while it runs: its plan, the size of its inputs, and how the run goes. */
import type { Claim, RunNotes, RunSample } from '../../port.ts';
import { FENCE, fence } from './attempts.ts';
import { notFound } from './control.ts';
import { reading, recording } from './lua.ts';
import { changed, type FlatHash } from './records.ts';
import type { RedisStore } from './redis.ts';

/** ARGV: fence, series or '', then names and values for the record. Answers the record, or nothing new with 1. */
const NOTE = recording(
  'note',
  `${FENCE}
if ARGV[7] ~= '' then C('SET', P .. 'series:' .. j.id, ARGV[7]) end
if #ARGV < 8 then return 1 end
for i = 8, #ARGV, 2 do put(j, ARGV[i], ARGV[i + 1]) end
return tell(j)
`,
);

/** ARGV: id. */
const SERIES = reading(
  'series',
  `
if C('EXISTS', P .. 'job:' .. ARGV[3]) == 0 then return false end
return C('GET', P .. 'series:' .. ARGV[3]) or ''
`,
);

/** Answers false when the claim is not current. */
export async function keepNotes(store: RedisStore, claim: Claim, notes: RunNotes): Promise<boolean> {
  const { plan, input_size_bytes, series } = notes;
  const fields = [
    ...(plan ? ['plan', JSON.stringify(plan)] : []),
    ...(input_size_bytes === undefined ? [] : ['input_size_bytes', String(input_size_bytes)]),
  ];
  const answer = (await store.run(NOTE, ...fence(claim), series ? JSON.stringify(series) : '', ...fields)) as
    | FlatHash
    | 1
    | null;
  if (answer === null) return false;
  if (Array.isArray(answer)) changed(store, answer);
  return true;
}

/** Throws `job_not_found`. */
export async function readSeries(store: RedisStore, id: string): Promise<RunSample[]> {
  const found = (await store.run(SERIES, id)) as string | null;
  if (found === null) throw notFound(id);
  return found === '' ? [] : (JSON.parse(found) as RunSample[]);
}
