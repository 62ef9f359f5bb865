/** The keys of the configuration as a flat list, derived from its schema: for loading, flags and docs. */
import { z } from 'zod';
import { configSchema } from './config.ts';

/** What text from the environment or a flag is turned into. */
export type ConfigKind = 'text' | 'number' | 'boolean' | 'size' | 'list';

/** The common keys have a flag of their own; the file and the environment take all of them. */
const FLAGS: Record<string, string> = {
  'server.host': 'host',
  'server.port': 'port',
  'server.insecure': 'insecure',
  'queue.database': 'database',
  'storage.input_path': 'input-path',
  'storage.output_path': 'output-path',
  'processing.max_workers': 'max-workers',
  'logging.level': 'log-level',
  'logging.format': 'log-format',
};

export interface ConfigKey {
  /** Section and key with dots, such as `storage.s3.bucket`. */
  path: string;
  /** Such as `storage.s3`. */
  section: string;
  key: string;
  /** Such as `MEDIAMILL_STORAGE_S3_BUCKET`. */
  env: string;
  /** Without its dashes, such as `port`; null when there is none. */
  flag: string | null;
  kind: ConfigKind;
  description: string;
  default: unknown;
  /** Allowed words, when there are only some. */
  values: string[] | null;
  min: number | null;
  max: number | null;
}

/** Every key, in the order of the schema. */
export function configKeys(): ConfigKey[] {
  return keysOf(configSchema, []);
}

function keysOf(schema: z.ZodObject, parents: string[]): ConfigKey[] {
  return Object.entries(schema.shape).flatMap(([key, value]) => {
    const inner = inside(value as z.core.$ZodType);
    if (inner instanceof z.ZodObject) return keysOf(inner, [...parents, key]);
    return [describeKey(value as z.ZodType, parents, key)];
  });
}

function inside(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodPrefault ? inside(schema.unwrap()) : schema;
}

interface KeySchema {
  type?: string | string[];
  enum?: string[];
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
}

function describeKey(schema: z.ZodType, parents: string[], key: string): ConfigKey {
  const path = [...parents, key];
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as KeySchema;
  return {
    path: path.join('.'),
    section: parents.join('.'),
    key,
    env: `MEDIAMILL_${path.join('_').toUpperCase()}`,
    flag: FLAGS[path.join('.')] ?? null,
    kind: kindOf(json),
    description: json.description ?? '',
    default: json.default,
    values: json.enum ?? null,
    min: json.minimum ?? null,
    max: json.maximum ?? null,
  };
}

function kindOf({ type }: KeySchema): ConfigKind {
  if (Array.isArray(type)) return 'size';
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'boolean') return 'boolean';
  return type === 'array' ? 'list' : 'text';
}
