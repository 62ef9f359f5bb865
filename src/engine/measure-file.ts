/** Loudness of a file that an earlier plan made in the work folder. */
import { join } from 'node:path';
import { MillError } from '../core/errors.ts';
import { mainAudio } from '../core/facts.ts';
import type { OutputResult } from '../core/plan.ts';
import type { PlanContext } from './context.ts';
import { Part } from './part.ts';
import { probe } from './probe.ts';
import { readThrough } from './read-through.ts';

export async function measureFile(
  file: string,
  filter: string | null,
  context: PlanContext,
): Promise<OutputResult> {
  const path = join(context.work, file);
  const facts = await probe(path);
  const audio = mainAudio(facts);
  if (!audio) throw new MillError('output_verification_failed', 'The result has no sound to measure.');
  const part = new Part(
    { inputs: [], outputs: [{ kind: 'loudness', of: { stream: audio.index }, filter }] },
    { ...context, source: path, facts },
  );
  await readThrough([{ part, index: 0 }]);
  part.finish();
  const [measured] = await part.ended;
  return measured as OutputResult;
}
