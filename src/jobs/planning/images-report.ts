/** The report of a job that makes several images. */
import type { JobReport } from '../../core/job.ts';
import type { OutputResult } from '../../core/plan.ts';
import { plural } from '../../core/plural.ts';

/** `asked` is how many were wanted; `what` names one of them, such as "thumbnail". */
export function imagesReport(results: OutputResult[], asked: number, what: string): JobReport {
  const [made] = results;
  if (made?.kind !== 'images') throw new TypeError('The plan made no images.');
  const { images } = made;
  const fewer =
    images.length < asked
      ? [`The video has only ${plural(images.length, 'frame')}; ${asked} were asked for.`]
      : [];
  return {
    message: `${plural(images.length, what)} of ${images[0]?.width}×${images[0]?.height}`,
    data: {
      count: images.length,
      images: images.map(({ file, ...rest }) => ({ file: file.split('/').pop(), ...rest })),
    },
    warnings: [...fewer, ...made.warnings],
    metrics: { images: images.length },
  };
}
