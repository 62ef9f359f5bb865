/** Fields of every job that makes still images. */
import { z } from 'zod';
import { whole } from '../../core/fields.ts';

export const imageFormat = z
  .enum(['jpg', 'png', 'webp'])
  .default('jpg')
  .meta({ description: 'Image format.' });

export const imageQuality = whole(
  { min: 1, max: 100 },
  { description: 'JPEG or WebP quality; PNG ignores it.' },
);

/** Width of an image; `otherwise` says what it is without one. */
export function imageWidth(otherwise: string) {
  return whole(
    { min: 16, max: 16_384 },
    {
      description:
        `Width of the images; the height follows the display aspect. Never enlarged. ${otherwise}`.trim(),
      unit: 'pixels',
    },
  );
}
