/** Users see storage paths; where the files lie on this host is nobody's business (security.md, case 40). */

/** An absolute path with at least two parts that is not one of the storage's own. */
const HOST_PATH = /(?<![\w:/.~-])(?!\/data\/(?:input|output)(?:\/|\b))(?:\/[^\s/'"`:;,()[\]<>]+){2,}/g;

export interface HostPathMask {
  /** Replaces the paths it was told; for results, where other text that looks like a path is content. */
  known<T>(value: T): T;
  /** Replaces every path of a host, leaving file names; for diagnostics. */
  all<T>(value: T): T;
}

/** `shown` says what stands for each path of the host. */
export function maskHostPaths(shown: ReadonlyMap<string, string>): HostPathMask {
  const longestFirst = [...shown].sort(([a], [b]) => b.length - a.length);
  const knownText = (text: string) =>
    longestFirst.reduce((rest, [host, path]) => rest.replaceAll(host, path), text);
  const allText = (text: string) =>
    knownText(text).replace(HOST_PATH, (path) => path.slice(path.lastIndexOf('/') + 1));
  return {
    known: (value) => mapStrings(value, knownText) as typeof value,
    all: (value) => mapStrings(value, allText) as typeof value,
  };
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]));
}
