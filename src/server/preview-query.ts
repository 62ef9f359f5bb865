/** What pictures can be asked for, the same for uploads and for jobs. */
import { z } from 'zod';

const DAY_S = 24 * 3600;

export const pictureQuery = z.strictObject({
  width: z.coerce
    .number()
    .int()
    .min(16)
    .max(1920)
    .default(320)
    .describe('Pixels at most; made a little larger, so that few sizes are kept, and never enlarged.'),
  at: z.coerce
    .number()
    .min(0)
    .max(1000 * DAY_S)
    .optional()
    .describe(
      'Seconds from 0:00 of a video: exactly the frame shown then. Default: a moment near the beginning.',
    ),
});

export const stripQuery = z.strictObject({
  count: z.coerce.number().int().min(1).max(60).default(12).describe('Stills.'),
  height: z.coerce
    .number()
    .int()
    .min(16)
    .max(216)
    .default(54)
    .describe('Pixels of each still at least; made a little larger, so that few sizes are kept.'),
});

export const PICTURE_ANSWER = {
  description: 'The image',
  content: {
    'image/webp': { schema: z.string().meta({ format: 'binary' }) },
    'image/jpeg': { schema: z.string().meta({ format: 'binary' }) },
  },
};
