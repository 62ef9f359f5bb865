/**
 * Which codec options a request may set. Encoders can be told to read and write files, open devices and log to
 * disk, by options of their own and by keys inside their parameter strings. Refused are the names that do so,
 * in any encoder, and every value that looks like a path, an address or a filter graph.
 */

/** Options whose value is `key=value:key=value` for the library behind the encoder. */
export const PARAMETER_STRINGS: ReadonlySet<string> = new Set([
  'x264-params',
  'x264opts',
  'x265-params',
  'svtav1-params',
  'aom-params',
  'xavs2-params',
  'rav1e-params',
  'vvenc-params',
  'kvazaar-params',
  'uavs3e-params',
]);

/** Exact names of options and parameter keys that touch files, devices, networks, processes or filters. */
export const FORBIDDEN_OPTIONS: ReadonlySet<string> = new Set([
  // libavcodec and its wrappers
  'passlogfile',
  'stats',
  'x265-stats',
  'stats_file',
  'vstats',
  'vstats_file',
  'dump_attachment',
  'dump',
  'codec_whitelist',
  'sub_charenc',
  'statsfile',
  'two_pass_stats',
  'adapter',
  'device',
  'gpu',
  'hwaccel_device',
  'init_hw_device',
  'qsv_device',
  'vaapi_device',
  'load_plugin',
  'load_plugins',
  'plugin',
  // x264
  'dump-yuv',
  'dumpyuv',
  'qpfile',
  'tcfile-in',
  'tcfile-out',
  'cqmfile',
  'opencl-clbin',
  'opencl-device',
  'input-csv',
  'output-csv',
  'psyrd-file',
  // x265
  'csv',
  'csv-log-level',
  'analysis-save',
  'analysis-load',
  'analysis-reuse-file',
  'analysis-save-reuse-level',
  'analysis-load-reuse-level',
  'recon',
  'recon-y4m-exec',
  'recon-depth',
  'input',
  'output',
  'dhdr10-info',
  'dhdr10-opt',
  'dolby-vision-rpu',
  'scaling-list',
  'lambda-file',
  'zonefile',
  'zones-file',
  'refine-analysis-type',
  'nalu-file',
  'abr-ladder',
  'frame-dup',
  'svt-stats',
  'naluFile',
  'fullhelp',
  'help',
  'version',
  // SVT-AV1 and others
  'fgs-table',
  'film-grain-table',
  'roi-map-file',
  'config',
  'errlog',
  'stat-file',
  'stat-report',
  'qp-file',
  'input-stat-file',
  'output-stat-file',
  'pred-struct-file',
  'partition_info_path',
  'rate_distribution_info',
  'vmaf_model_path',
  'two-pass-output',
  'second-pass-log',
  'first-pass-log',
  // filters and scripts
  'vf',
  'af',
  'filter',
  'filters',
  'filter_complex',
  'filter_script',
  'lavfi',
  'graph',
  'cmd',
  'exec',
  'script',
]);

/** Keys that are harmless elsewhere and name a file to x265. */
export const FORBIDDEN_X265_OPTIONS: ReadonlySet<string> = new Set(['film-grain', 'aom-film-grain']);

/** Words that give an option of an unknown encoder away. */
const SUSPECT =
  /(?:^|[-_])(?:file|filename|path|url|uri|logfile|dump|csv|stats?|plugin|script|exec)(?:$|[-_])|(?<!pro)file$|path$/i;

/** Option names that hold one of the words and are harmless. */
const HARMLESS: ReadonlySet<string> = new Set(['a53cc', 'stats_interval']);

/** A path, an address, or the syntax of a filter graph. */
const UNSAFE_VALUE = /[/\\\0]|:\/\/|\.\.|^[|@~]|[[\];]/;

export interface OptionProblem {
  /** Such as `x265-params.csv`. */
  name: string;
  reason: string;
}

type Scalar = string | number | boolean;

/** The first option that is refused, or null. */
export function forbiddenOption(
  options: Record<string, Scalar | Record<string, Scalar>>,
): OptionProblem | null {
  for (const [name, value] of Object.entries(options)) {
    const problem = checkName(name, name) ?? checkValue(name, value);
    if (problem) return problem;
  }
  return null;
}

function checkName(name: string, shown: string): OptionProblem | null {
  const plain = name.toLowerCase();
  const dashed = plain.replaceAll('_', '-');
  const inX265 = shown.startsWith('x265-params.') && FORBIDDEN_X265_OPTIONS.has(plain);
  if (HARMLESS.has(plain)) return null;
  if (
    !inX265 &&
    !FORBIDDEN_OPTIONS.has(plain) &&
    !FORBIDDEN_OPTIONS.has(dashed) &&
    !FORBIDDEN_OPTIONS.has(dashed.replaceAll('-', '_')) &&
    !SUSPECT.test(plain)
  )
    return null;
  return { name: shown, reason: 'it reads or writes files, uses devices or runs filters' };
}

function checkValue(name: string, value: Scalar | Record<string, Scalar>): OptionProblem | null {
  if (typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) {
      const shown = `${name}.${key}`;
      // A separator in a key or value would smuggle in further keys.
      if (/[:=]/.test(key) || /[:=]/.test(String(item)))
        return { name: shown, reason: 'it holds a ":" or "="' };
      const problem = checkName(key, shown) ?? checkScalar(shown, item);
      if (problem) return problem;
    }
    return null;
  }
  if (PARAMETER_STRINGS.has(name.toLowerCase()) || name.toLowerCase().endsWith('-params')) {
    for (const part of String(value).split(':')) {
      const key = part.split('=')[0]?.trim() ?? '';
      const shown = `${name}.${key}`;
      const problem = checkName(key, shown) ?? checkScalar(shown, part.slice(key.length + 1));
      if (problem) return problem;
    }
    return null;
  }
  return checkScalar(name, value);
}

function checkScalar(name: string, value: Scalar): OptionProblem | null {
  return UNSAFE_VALUE.test(String(value))
    ? { name, reason: 'its value looks like a path, an address or a filter graph' }
    : null;
}
