/** The report of a job that makes several images. */
import type { JobReport } from '../../core/job.ts';
import type { OutputResult } from '../../core/plan.ts';

/** `asked` is how many were wanted; `what` names them, such as "thumbnails". */
export function imagesReport(results: OutputResult[], asked: number, what: string): JobReport {
  const [made] = results;
  if (made?.kind !== 'images') throw new TypeError('The plan made no images.');
  const { images } = made;
  const fewer =
    images.length < asked ? [`The video has only ${images.length} frames; ${asked} were asked for.`] : [];
  return {
    message: `${images.length} ${what} of ${images[0]?.width}×${images[0]?.height}`,
    data: {
      count: images.length,
      images: images.map(({ file, ...rest }) => ({ file: file.split('/').pop(), ...rest })),
    },
    warnings: [...fewer, ...made.warnings],
    metrics: { images: images.length },
  };
}
