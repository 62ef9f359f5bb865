/** The configuration as a command sees it: its flags, the environment and the file. */
import { type Command, Option } from 'commander';
import { type ConfigKey, configKeys } from '../core/config-keys.ts';
import { DEFAULT_CONFIG_FILE, type LoadedConfig, loadConfig, readConfigFile } from '../core/config-load.ts';

const HEADING = 'Settings:';

/** Adds `--config` and the flags of these keys. */
export function addConfigFlags(command: Command, paths: readonly string[]): Command {
  command.addOption(
    new Option(
      '--config <file>',
      `settings in TOML (default ${DEFAULT_CONFIG_FILE} when it is there, or MEDIAMILL_CONFIG)`,
    ).helpGroup(HEADING),
  );
  for (const key of configKeys()) {
    if (!paths.includes(key.path) || key.flag === null) continue;
    const flags = key.kind === 'boolean' ? `--${key.flag}` : `--${key.flag} <${placeholder(key)}>`;
    command.addOption(new Option(flags, `${key.description} (default ${key.default})`).helpGroup(HEADING));
  }
  return command;
}

function placeholder({ kind, values, key }: ConfigKey): string {
  if (values) return values.length <= 3 ? values.join('|') : 'word';
  if (kind !== 'text') return kind;
  return key.endsWith('_path') || key === 'database' ? 'path' : 'text';
}

/** Throws `invalid_config`. */
export function loadSettings(command: Command): LoadedConfig {
  const options = command.optsWithGlobals<Record<string, unknown>>();
  const path = (options.config as string | undefined) ?? (process.env.MEDIAMILL_CONFIG || undefined);
  const flags = Object.fromEntries(
    configKeys().flatMap((key) => {
      const name = key.flag?.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
      const value = name === undefined ? undefined : options[name];
      // A flag without a value says yes.
      return typeof value === 'string' || value === true ? [[key.path, String(value)]] : [];
    }),
  );
  return loadConfig({ flags, env: process.env, file: readConfigFile(path) });
}
