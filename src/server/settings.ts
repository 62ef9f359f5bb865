/** The settings as they are in force, for people to look at: each with where it came from, no secret among them. */
import type { Config, Origin } from '../core/config.ts';
import { configKeys } from '../core/config-keys.ts';

export interface ShownSetting {
  key: string;
  value: unknown;
  origin: Origin;
  description: string;
}

const MASK = '***';
const SECRET = /secret|password|token|credential|access_key/i;

export function shownSettings(config: Config, origins: Readonly<Record<string, Origin>>): ShownSetting[] {
  return configKeys().map(({ path, description }) => ({
    key: path,
    value: shown(path, valueAt(config, path)),
    origin: origins[path] ?? 'default',
    description,
  }));
}

function valueAt(config: Config, path: string): unknown {
  return (
    path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], config) ??
    null
  );
}

function shown(path: string, value: unknown): unknown {
  if (SECRET.test(path)) return value === '' || value === null ? value : MASK;
  if (Array.isArray(value)) return value.map((item) => shown('', item));
  return typeof value === 'string' ? withoutPassword(value) : value;
}

/** `redis://user:secret@host` → `redis://user:***@host`. */
function withoutPassword(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)([^/@]*)@/i, (_, scheme: string, user: string) => {
    const [name = '', ...secret] = user.split(':');
    return `${scheme}${secret.length > 0 ? `${name}:${MASK}` : name}@`;
  });
}
