/** What an encoder can be told, by FFmpeg's own table. */
export interface EncoderOption {
  name: string;
  /** FFmpeg's own words; empty where it has none. */
  help: string;
  /** What it takes, in words; empty when anything. */
  takes: string;
  /** Words that it knows. */
  values: string[];
  /** Null when it is left to the encoder. */
  default: string | number | null;
}
