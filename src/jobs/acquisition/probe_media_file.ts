import { z } from 'zod';
import { defineJob } from '../../core/job.ts';
import { durationOf, secondsText } from '../planning/describe.ts';

export default defineJob({
  name: 'probe_media_file',
  title: 'Probe media',
  description:
    'Everything the headers of a media file tell, as typed JSON: container, streams, dispositions, tags, side data and chapters.',
  group: 'acquisition',
  params: z.object({}),
  input: { kind: 'media' },
  output: { kind: 'file', extensions: ['.json'] },
  example: { input_path: '/data/input/video.mp4', output_path: '/data/output/probe.json', params: {} },

  plan: () => ({ inputs: [], outputs: [{ kind: 'facts', scan: 'header', stream: null }] }),

  report(_results, source) {
    const kinds = Object.entries(Object.groupBy(source.streams, (stream) => stream.kind))
      .map(([kind, streams]) => `${streams?.length ?? 0} ${kind}`)
      .join(', ');
    const data = { ...source };
    return {
      message: `${source.format.long_name}, ${secondsText(durationOf(source))}: ${kinds}.`,
      data,
      document: data,
    };
  },
});
