/** What a container's own structure announces of the file it is in. */
export interface Extent {
  /** Bytes that the file should have; null where it does not say. More than it has: it was cut short. */
  announced_bytes: number | null;
  /** What is missing at the end although no size is announced, as part of a sentence. A recording may lack it too. */
  open_end: string | null;
}

export const UNKNOWN_EXTENT: Extent = { announced_bytes: null, open_end: null };
