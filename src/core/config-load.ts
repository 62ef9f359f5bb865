/**
 * Puts the configuration together: flags over environment over file over defaults. Whatever does not fit is
 * one `invalid_config` that names each wrong key, where it stands and the nearest known one.
 */
import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { type Config, configSchema, type Origin } from './config.ts';
import { type ConfigKey, configKeys } from './config-keys.ts';
import { MillError } from './errors.ts';
import { nearest } from './nearest.ts';
import { tomlLines } from './toml-lines.ts';

/** Read when no other is named and it is there. Relative to the folder the program is started in. */
export const DEFAULT_CONFIG_FILE = 'config/settings.toml';

/** Variables of the command line that are no keys of the configuration. */
const OTHER_VARIABLES = ['MEDIAMILL_CONFIG', 'MEDIAMILL_URL', 'MEDIAMILL_API_KEY'];

export interface ConfigFile {
  /** As the user wrote it; messages begin with it. */
  path: string;
  text: string;
}

export interface ConfigSources {
  /** By dotted key, such as `{'server.port': '8080'}`; undefined values are left out. */
  flags?: Record<string, string | number | boolean | undefined>;
  env?: Record<string, string | undefined>;
  file?: ConfigFile;
}

export interface LoadedConfig {
  config: Config;
  /** By dotted key. */
  origins: Record<string, Origin>;
  /** Path of the file that was read. */
  file: string | null;
}

interface Given {
  value: unknown;
  origin: Origin;
  /** For messages: `config/settings.toml:12`, `MEDIAMILL_SERVER_PORT`, `--port`. */
  place: string;
  line?: number;
}

interface Problem {
  key: string;
  place: string;
  line?: number;
  nearest: string | null;
  message: string;
}

/** Pure: reads neither disk nor environment. */
export function loadConfig({ flags = {}, env = {}, file }: ConfigSources): LoadedConfig {
  const keys = configKeys();
  const problems: Problem[] = [];
  const given = new Map<string, Given>([
    ...fromFile(file, keys, problems),
    ...fromEnvironment(env, keys, problems),
    ...fromFlags(flags, keys, problems),
  ]);
  const parsed = configSchema.safeParse(nest(given));
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => badValue(issue, given)));
  if (problems.length > 0 || !parsed.success) throw invalid(problems);
  const origins = Object.fromEntries(
    keys.map((key) => [key.path, given.get(key.path)?.origin ?? ('default' as const)]),
  );
  return { config: freeze(parsed.data), origins, file: file?.path ?? null };
}

/**
 * The file to load: the named one, which must exist, or the default one when it is there.
 * Throws `invalid_config`.
 */
export function readConfigFile(path?: string): ConfigFile | undefined {
  const name = path ?? DEFAULT_CONFIG_FILE;
  try {
    return { path: name, text: readFileSync(name, 'utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && path === undefined) return undefined;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new MillError('invalid_config', `The configuration file "${name}" ${why}.`, { cause: error });
  }
}

function fromFile(file: ConfigFile | undefined, keys: ConfigKey[], problems: Problem[]): Map<string, Given> {
  const given = new Map<string, Given>();
  if (!file) return given;
  const lines = tomlLines(file.text);
  const sections = new Set(keys.flatMap((key) => [key.section, key.section.split('.')[0] ?? '']));
  const visit = (table: Record<string, unknown>, parents: string[]) => {
    for (const [name, value] of Object.entries(table)) {
      const path = [...parents, name].join('.');
      const line = lines.get(path);
      const place = line === undefined ? file.path : `${file.path}:${line}`;
      const known = keys.some((key) => key.path === path);
      if (known) given.set(path, { value, origin: 'file', place, line });
      else if (sections.has(path) && isTable(value)) visit(value, [...parents, name]);
      else problems.push({ ...unknownKey(name, parents, isTable(value), keys), key: path, place, line });
    }
  };
  visit(parseToml(file), []);
  return given;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function parseToml(file: ConfigFile): Record<string, unknown> {
  try {
    // Through JSON for plain objects: the parser's own have no prototype, and dates are no value we know.
    return JSON.parse(JSON.stringify(parse(file.text)));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const why = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    const place = `${file.path}:${error.line}`;
    const message = `not valid TOML (column ${error.column}): ${why}`;
    throw invalid([{ key: '', place, line: error.line, nearest: null, message }]);
  }
}

/** What to say of a key nobody knows: it is misspelt, or it stands in the wrong section. */
function unknownKey(
  name: string,
  parents: string[],
  table: boolean,
  keys: ConfigKey[],
): { message: string; nearest: string | null } {
  const section = parents.join('.');
  const here = keys.filter((key) => key.section === section).map((key) => key.key);
  const sections = [...new Set(keys.map((key) => key.section))];
  if (table) {
    const full = [...parents, name].join('.');
    const close = nearest(full, sections);
    const hint = close
      ? `Did you mean [${close}]?`
      : `Known are: ${sections.map((s) => `[${s}]`).join(', ')}.`;
    return { message: `there is no section [${full}]. ${hint}`, nearest: close };
  }
  const below = sections.find((known) => known === [...parents, name].join('.'));
  if (below) return { message: `"${below}" is a section: write [${below}]`, nearest: below };
  const where = section ? `in [${section}]` : 'outside of any section';
  const close = nearest(name, here);
  if (close) return { message: `unknown key "${name}" ${where}. Did you mean "${close}"?`, nearest: close };
  const home = keys.find((key) => key.key === name);
  if (home) return { message: `"${name}" belongs in [${home.section}]`, nearest: home.path };
  const known = here.length > 0 ? ` Known are: ${here.join(', ')}.` : '';
  return { message: `unknown key "${name}" ${where}.${known}`, nearest: null };
}

function fromEnvironment(
  env: Record<string, string | undefined>,
  keys: ConfigKey[],
  problems: Problem[],
): Map<string, Given> {
  const given = new Map<string, Given>();
  if (env.REDIS_URL) {
    given.set('redis.url', { value: env.REDIS_URL, origin: 'environment', place: 'REDIS_URL' });
    given.set('queue.backend', { value: 'redis', origin: 'environment', place: 'REDIS_URL' });
  }
  // The name that OpenTelemetry gives it everywhere.
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint) {
    const place = 'OTEL_EXPORTER_OTLP_ENDPOINT';
    given.set('monitoring.otlp_endpoint', { value: endpoint, origin: 'environment', place });
  }
  const variables = [...keys.map((key) => key.env), ...OTHER_VARIABLES];
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith('MEDIAMILL_') || OTHER_VARIABLES.includes(name)) continue;
    const key = keys.find((candidate) => candidate.env === name);
    if (key) {
      given.set(key.path, { value: fromText(text, key), origin: 'environment', place: name });
      continue;
    }
    const close = nearest(name, variables);
    const hint = close ? ` Did you mean ${close}?` : '';
    problems.push({
      key: name,
      place: 'environment',
      nearest: close,
      message: `${name} is no setting.${hint}`,
    });
  }
  return given;
}

function fromFlags(
  flags: NonNullable<ConfigSources['flags']>,
  keys: ConfigKey[],
  problems: Problem[],
): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [path, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const key = keys.find((candidate) => candidate.path === path);
    const place = `--${key?.flag ?? path}`;
    if (key) {
      given.set(path, {
        value: typeof value === 'string' ? fromText(value, key) : value,
        origin: 'flag',
        place,
      });
    } else problems.push({ key: path, place, nearest: null, message: `"${path}" is no setting` });
  }
  return given;
}

/** Text as the type of its key; text that does not fit stays, and the schema says what is wrong with it. */
function fromText(text: string, { kind }: ConfigKey): unknown {
  const trimmed = text.trim();
  if (kind === 'number') return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : text;
  if (kind === 'boolean') return { true: true, 1: true, false: false, 0: false }[trimmed] ?? text;
  if (kind === 'list') {
    return trimmed
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);
  }
  return text;
}

function nest(given: Map<string, Given>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, { value }] of given) {
    const parts = path.split('.');
    const last = parts.pop() ?? '';
    let table = root;
    for (const part of parts) {
      table[part] ??= {};
      table = table[part] as Record<string, unknown>;
    }
    table[last] = value;
  }
  return root;
}

function badValue(issue: z.core.$ZodIssue, given: Map<string, Given>): Problem {
  // The issue of a list names the item; the key is as far as something was given for it.
  const names = issue.path.map((_, end) => issue.path.slice(0, end + 1).join('.'));
  const key = names.find((name) => given.has(name)) ?? issue.path.join('.');
  const source = given.get(key);
  const words = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  const close = typeof source?.value === 'string' ? nearest(source.value, words) : null;
  const hint = close ? ` Did you mean "${close}"?` : '';
  return {
    key,
    place: source?.place ?? 'configuration',
    line: source?.line,
    nearest: close,
    message: `${key} = ${JSON.stringify(source?.value)}: ${demand(issue)}.${hint}`,
  };
}

/** What the value would have to be. */
function demand(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty' : `must be at least ${issue.minimum}`;
    case 'invalid_type':
      return `must be ${issue.expected === 'int' ? 'a whole number' : `a ${issue.expected}`}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    default:
      return issue.message.replace(/\.$/, '');
  }
}

function invalid(problems: Problem[]): MillError {
  const detail = problems
    .map(({ place, message }) => `${place}: ${message.replace(/([^.?])$/, '$1.')}`)
    .join('\n');
  return new MillError('invalid_config', detail, { facts: { problems } });
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
