/** What an encoder can be told, for those who write its options. */
import { z } from 'zod';
import type { EncoderOption } from '../../core/encoder-option.ts';
import { MillError } from '../../core/errors.ts';
import type { App } from '../context.ts';
import { failures } from '../schemas.ts';

/** Options of an encoder; null when there is no such encoder. */
export type ReadEncoderOptions = (name: string) => Promise<EncoderOption[] | null>;

/** Names that are asked for; more come from somebody who tries names. */
const MOST_KEPT = 100;

const optionSchema = z
  .object({
    name: z.string(),
    help: z.string().describe("FFmpeg's own words."),
    takes: z.string().describe('Such as "a number from 0 to 69"; empty when anything.'),
    values: z.array(z.string()).describe('Words that it knows.'),
    default: z.union([z.string(), z.number()]).nullable().describe('Null when it is left to the encoder.'),
  })
  .meta({ id: 'EncoderOption' });

export function encoderRoutes(app: App, read: ReadEncoderOptions | undefined): void {
  const kept = new Map<string, Promise<EncoderOption[] | null>>();

  /** Read once: the table is part of the build. */
  function optionsOf(name: string): Promise<EncoderOption[] | null> {
    const known = kept.get(name);
    if (known || !read) return known ?? Promise.resolve(null);
    const reading = read(name);
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(name, reading);
    reading.catch(() => kept.delete(name));
    return reading;
  }

  app.get(
    '/api/encoders/:name/options',
    {
      schema: {
        tags: ['System'],
        summary: 'What an encoder can be told',
        description:
          "For the `options` of tasks that encode: the encoder's own options first, then those of all encoders. Without those that a job may not set.",
        params: z.object({
          name: z
            .string()
            .regex(/^[a-z0-9_-]{2,32}$/, "must be FFmpeg's name of an encoder, such as libx265"),
        }),
        response: { 200: z.object({ encoder: z.string(), options: z.array(optionSchema) }), ...failures },
      },
    },
    async ({ params }, reply) => {
      const options = await optionsOf(params.name);
      if (!options)
        throw new MillError('not_found', `This server knows no encoder "${params.name}".`, {
          facts: { encoder: params.name },
        });
      reply.header('cache-control', 'private, max-age=3600');
      return { encoder: params.name, options };
    },
  );
}
