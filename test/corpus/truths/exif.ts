/** EXIF tags, as `exiftool -n` prints them. */
import { truthChecker } from '../check.ts';

/** Share by which a number may differ, for the rounding of printed fractions. */
const TOLERANCE = 1e-9;

/** Groups in which a tag may be, the best one first. */
const GROUPS = ['Composite', 'EXIF', 'File', 'QuickTime', 'Meta', 'XMP'];

function tagValue(tags: Record<string, unknown>, name: string, wanted: unknown): unknown {
  const values = [name, ...GROUPS.map((group) => `${group}:${name}`)]
    .filter((key) => key in tags)
    .map((key) => tags[key]);
  return values.find((value) => same(value, wanted)) ?? values[0];
}

function same(found: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'number') return found === wanted;
  return typeof found === 'number' && Math.abs(found - wanted) <= Math.abs(wanted) * TOLERANCE;
}

export default [
  truthChecker<Record<string, unknown>>('exif', 'extract_exif_metadata', async (context, wanted) => {
    const { data } = await context.run('extract_exif_metadata');
    const tags = (data.numeric ?? data.tags) as Record<string, unknown>;
    for (const [name, value] of Object.entries(wanted)) {
      const found = tagValue(tags, name, value);
      if (!same(found, value))
        context.problem(`${name} is ${JSON.stringify(found)}, not ${JSON.stringify(value)}`);
    }
    context.note(`${Object.keys(wanted).length} tags equal`);
  }),
];
