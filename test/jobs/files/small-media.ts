/** The smallest files of their kinds, made by hand. */

/** 1×1 pixel. */
export const PIXEL_PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
);

/** 1×1 pixel, no metadata. */
const PIXEL_JPEG = Buffer.from(
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=',
  'base64',
);

/** 0.1 s of silence, 8 kHz mono. */
export function toneWav(): Buffer {
  const samples = Buffer.alloc(1600);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

/** What the JPEG below must be read as; printed and as numbers. */
export const JPEG_TRUTH = {
  printed: {
    'EXIF:Make': 'Mill',
    'EXIF:Model': 'Grinder Zwölf',
    'EXIF:Orientation': 'Rotate 90 CW',
    'EXIF:ExposureTime': '1/125',
    'EXIF:FNumber': 2.8,
    'EXIF:ISO': 200,
    'EXIF:DateTimeOriginal': '2024:02:29 12:34:56',
    'EXIF:GPSLatitudeRef': 'South',
    'Composite:GPSLatitude': '33 deg 30\' 36.00" S',
  },
  numeric: {
    'EXIF:Orientation': 6,
    'EXIF:ExposureTime': 0.008,
    'EXIF:GPSLatitudeRef': 'S',
    'Composite:GPSLatitude': -33.51,
  },
};

/** A JPEG with EXIF of {@link JPEG_TRUTH}. TIFF 6.0 and EXIF 2.32, big-endian. */
export function exifJpeg(): Buffer {
  const camera = ifd([
    [0x829a, 'rational', [[1, 125]]],
    [0x829d, 'rational', [[28, 10]]],
    [0x8827, 'short', [200]],
    [0x9003, 'ascii', '2024:02:29 12:34:56'],
  ]);
  const gps = ifd([
    [0x0001, 'ascii', 'S'],
    [
      0x0002,
      'rational',
      [
        [33, 1],
        [30, 1],
        [36, 1],
      ],
    ],
  ]);
  const main: Field[] = [
    [0x010f, 'ascii', 'Mill'],
    [0x0110, 'ascii', 'Grinder Zwölf'],
    [0x0112, 'short', [6]],
    [0x8769, 'long', [0]],
    [0x8825, 'long', [0]],
  ];
  const mainSize = ifd(main)(8).length;
  const cameraAt = 8 + mainSize;
  const gpsAt = cameraAt + camera(cameraAt).length;
  main[3] = [0x8769, 'long', [cameraAt]];
  main[4] = [0x8825, 'long', [gpsAt]];
  const tiff = Buffer.concat([
    Buffer.from('MM\0*\0\0\0\x08', 'latin1'),
    ifd(main)(8),
    camera(cameraAt),
    gps(gpsAt),
  ]);
  const payload = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const marker = Buffer.from([0xff, 0xe1, (payload.length + 2) >> 8, (payload.length + 2) & 255]);
  return Buffer.concat([PIXEL_JPEG.subarray(0, 2), marker, payload, PIXEL_JPEG.subarray(2)]);
}

type Field =
  | [tag: number, type: 'ascii', value: string]
  | [tag: number, type: 'short' | 'long', value: number[]]
  | [tag: number, type: 'rational', value: [number, number][]];

const TYPE_CODES = { ascii: 2, short: 3, long: 4, rational: 5 };

/** A directory that will lie at `offset` of the TIFF block. */
function ifd(fields: Field[]): (offset: number) => Buffer {
  return (offset) => {
    const head = Buffer.alloc(2 + fields.length * 12 + 4);
    head.writeUInt16BE(fields.length, 0);
    const extra: Buffer[] = [];
    let extraAt = offset + head.length;
    fields.forEach((field, index) => {
      const at = 2 + index * 12;
      const value = encodeValue(field);
      head.writeUInt16BE(field[0], at);
      head.writeUInt16BE(TYPE_CODES[field[1]], at + 2);
      head.writeUInt32BE(field[1] === 'ascii' ? value.length : field[2].length, at + 4);
      if (value.length <= 4) {
        value.copy(head, at + 8);
        return;
      }
      head.writeUInt32BE(extraAt, at + 8);
      extra.push(value);
      extraAt += value.length;
    });
    return Buffer.concat([head, ...extra]);
  };
}

function encodeValue([, type, value]: Field): Buffer {
  if (type === 'ascii') return Buffer.from(`${value}\0`, 'utf8');
  const numbers = value.flat();
  const bytes = Buffer.alloc(numbers.length * (type === 'short' ? 2 : 4));
  numbers.forEach((number, index) => {
    if (type === 'short') bytes.writeUInt16BE(number, index * 2);
    else bytes.writeUInt32BE(number, index * 4);
  });
  return bytes;
}
