import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { defineJob } from '../../core/job.ts';
import { plural } from '../../core/plural.ts';
import { readTags, type Tags } from '../exif/exiftool.ts';
import { createByteMeter } from '../files/byte-meter.ts';
import { inputFile } from '../files/input.ts';

/** Where the file lies on this machine is nobody's business. */
const HOST_TAGS = ['SourceFile', 'File:Directory'];

export default defineJob({
  name: 'extract_exif_metadata',
  title: 'Extract EXIF metadata',
  description:
    'Every tag that exiftool finds in an image, video, audio file or document: EXIF, GPS, IPTC, XMP, ICC and the rest. `tags` is what `exiftool -j -G` prints, with tags named by group such as "EXIF:FNumber"; `numeric` has the same tags as `exiftool -j -G -n` prints them, as plain numbers where there are any.',
  group: 'binary',
  params: z.strictObject({}),
  input: { kind: 'file' },
  output: { kind: 'file', extensions: ['.json'] },
  example: {
    input_path: '/data/input/photo.jpg',
    output_path: '/data/output/exif.json',
    params: {},
    result: {
      file: 'photo.jpg',
      exiftool_version: '13.59',
      tags: {
        'File:FileName': 'photo.jpg',
        'File:FileType': 'JPEG',
        'File:MIMEType': 'image/jpeg',
        'File:ImageWidth': 320,
        'File:ImageHeight': 240,
        'EXIF:Make': 'Media Mill',
        'EXIF:Model': 'Fixture 1',
        'EXIF:Orientation': 'Horizontal (normal)',
        'EXIF:DateTimeOriginal': '2024:02:29 12:34:56',
        'EXIF:GPSLatitude': '33 deg 51\' 24.48"',
        'EXIF:GPSLongitude': '151 deg 12\' 55.08"',
        'Composite:GPSPosition': '33 deg 51\' 24.48" S, 151 deg 12\' 55.08" E',
      },
      numeric: {
        'File:FileName': 'photo.jpg',
        'File:FileType': 'JPEG',
        'File:MIMEType': 'image/jpeg',
        'File:ImageWidth': 320,
        'File:ImageHeight': 240,
        'EXIF:Make': 'Media Mill',
        'EXIF:Model': 'Fixture 1',
        'EXIF:Orientation': 1,
        'EXIF:DateTimeOriginal': '2024:02:29 12:34:56',
        'EXIF:GPSLatitude': 33.8568,
        'EXIF:GPSLongitude': 151.2153,
        'Composite:GPSPosition': '-33.8568 151.2153',
      },
    },
  },

  async run(context) {
    const file = await inputFile(context.input);
    using _meter = createByteMeter(context, 'reading tags', null);
    const printed = await readTags(file.path, ['-G'], context.signal);
    const error = printed['ExifTool:Error'];
    if (error !== undefined) {
      throw new MillError('unsupported_media', `exiftool cannot read "${file.name}": ${error}.`, {
        facts: { exiftool: error },
      });
    }
    const tags = withoutHost(printed);
    const numeric = withoutHost(await readTags(file.path, ['-G', '-n'], context.signal));
    const warning = printed['ExifTool:Warning'];
    const data = {
      file: file.name,
      exiftool_version: String(tags['ExifTool:ExifToolVersion']),
      tags,
      numeric,
    };
    const count = Object.keys(tags).length;
    return {
      message: `${plural(count, 'tag')} in a ${tags['File:FileType'] ?? 'file'}.`,
      data,
      document: data,
      warnings: warning === undefined ? [] : [`exiftool: ${warning}`],
      metrics: { tags: count },
    };
  },
});

function withoutHost(tags: Tags): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([name]) => !HOST_TAGS.includes(name)));
}
