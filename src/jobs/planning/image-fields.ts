/** Fields of every job that makes still images. */
import { z } from 'zod';
import { whole } from '../../core/fields.ts';

export const imageFormat = z
  .enum(['jpg', 'png', 'webp'])
  .default('jpg')
  .meta({ description: 'Image format.' });

export const imageQuality = whole(
  { min: 1, max: 100 },
  { description: 'Of a JPEG or WebP, higher is better and larger; PNG ignores it.' },
);

/** Width of an image; `otherwise` says what it is without one. */
export function imageWidth(otherwise: string) {
  return whole(
    { min: 16, max: 16_384 },
    {
      description:
        `The height follows the display aspect. Smaller videos are not enlarged. ${otherwise}`.trim(),
      unit: 'pixels',
    },
  );
}
