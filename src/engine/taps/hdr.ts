/** Static metadata of HDR10: mastering display and content light, in the file's header or only in its pictures. */
import {
  AV_FRAME_DATA_CONTENT_LIGHT_LEVEL,
  AV_FRAME_DATA_MASTERING_DISPLAY_METADATA,
  AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
  AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
} from 'node-av/constants';
import type { Frame, Stream } from 'node-av/lib';

export interface StaticHdr {
  /** AVMasteringDisplayMetadata and AVContentLightMetadata. */
  display: Buffer | null;
  light: Buffer | null;
}

/** Transport streams have it only in the bitstream, where decoders find it. */
export function staticHdr({ codecpar }: Stream, frame: Frame): StaticHdr {
  const copy = (data: Buffer | null) => (data ? Buffer.from(data) : null);
  return {
    display:
      codecpar.getCodedSideData(AV_PKT_DATA_MASTERING_DISPLAY_METADATA) ??
      copy(frame.getSideData(AV_FRAME_DATA_MASTERING_DISPLAY_METADATA)),
    light:
      codecpar.getCodedSideData(AV_PKT_DATA_CONTENT_LIGHT_LEVEL) ??
      copy(frame.getSideData(AV_FRAME_DATA_CONTENT_LIGHT_LEVEL)),
  };
}

export function describeHdr({ codecpar }: Stream, { display, light }: StaticHdr): void {
  if (display) codecpar.addCodedSideData(AV_PKT_DATA_MASTERING_DISPLAY_METADATA, display);
  if (light) codecpar.addCodedSideData(AV_PKT_DATA_CONTENT_LIGHT_LEVEL, light);
}

/** As x265 takes it: chromaticities in 0.00002, luminance in 0.0001 cd/m². */
export function hdrParameters({ display, light }: StaticHdr): string[] {
  const parameters: string[] = [];
  if (display && display.length >= 88 && display.readInt32LE(80) !== 0 && display.readInt32LE(84) !== 0) {
    const value = (index: number, unit: number) =>
      Math.round((display.readInt32LE(index * 8) / (display.readInt32LE(index * 8 + 4) || 1)) * unit);
    const [rx, ry, gx, gy, bx, by, wx, wy] = [0, 1, 2, 3, 4, 5, 6, 7].map((index) => value(index, 50_000));
    parameters.push(
      `master-display=G(${gx},${gy})B(${bx},${by})R(${rx},${ry})WP(${wx},${wy})L(${value(9, 10_000)},${value(8, 10_000)})`,
    );
  }
  if (light && light.length >= 8)
    parameters.push(`max-cll=${light.readUInt32LE(0)},${light.readUInt32LE(4)}`);
  return parameters.length > 0 ? [...parameters, 'hdr10=1', 'repeat-headers=1'] : [];
}
