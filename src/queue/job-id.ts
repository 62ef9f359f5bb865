import { randomBytes } from 'node:crypto';

/**
 * A new job id: UUID version 7 (RFC 9562, 5.7), so that ids sort by the millisecond of their creation and the
 * index over them grows at its end. Unguessable: 74 random bits.
 */
export function jobId(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Math.max(0, Math.floor(nowMs)), 0, 6);
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
