/** A job whose source lacks what it needs fails at once, with the code that says so. A photo is no video. */
import { isMediaJob } from '../../../src/core/job.ts';
import { jobs } from '../../../src/jobs/index.gen.ts';
import type { Checker } from '../check.ts';
import { audioStreams, type Entry, isVideo } from '../manifest.ts';

const lacks = {
  video: (entry: Entry) => !isVideo(entry),
  audio: (entry: Entry) => audioStreams(entry).length === 0,
};

export default jobs.filter(isMediaJob).flatMap((job): Checker[] => {
  const needs = job.input.needs;
  // Jobs with required parameters are refused before their source is looked at.
  if (!needs || !job.params.safeParse({}).success) return [];
  return [
    {
      name: `no ${needs} stream`,
      task: job.name,
      applies: (entry) => entry.expect === undefined && lacks[needs](entry),
      async run({ caller, entry, problem, equal, note }) {
        const result = await caller.call(job.name, entry.path);
        if (result.ok) return problem('the job finished');
        equal('code', result.failure.code, `no_${needs}_stream`);
        equal('output', result.leftovers, []);
        note(result.failure.detail);
      },
    },
  ];
});
