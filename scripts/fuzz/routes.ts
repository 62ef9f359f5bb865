/** Requests for every route of the API description, with bodies, queries and addresses that are nearly right. */
import { type Chance, damageJson } from './mutate.ts';

interface Operation {
  method: string;
  path: string;
  parameters: { name: string; in: string }[];
  body: unknown;
}

export interface StrangeRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
}

/** What would end the run, not the server: pausing, streams without end. */
const LEFT_OUT = /\/events$|^\/api\/queue\/pause|^\/api\/workers\/.*\/pause|^\/docs/;
const MOST_DEPTH = 6;

interface Schema {
  type?: string;
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  enum?: unknown[];
  anyOf?: Schema[];
  allOf?: Schema[];
  default?: unknown;
}

interface Document {
  paths: Record<
    string,
    Record<string, { parameters?: { name: string; in: string }[]; requestBody?: object }>
  >;
  components?: { schemas?: Record<string, Schema> };
}

export function operationsOf(document: Document): Operation[] {
  const schemas = document.components?.schemas ?? {};
  return Object.entries(document.paths)
    .filter(([path]) => !LEFT_OUT.test(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { parameters = [], requestBody }]) => {
        const content = (requestBody as { content?: Record<string, { schema?: Schema }> } | undefined)
          ?.content;
        const schema = content?.['application/json']?.schema;
        return {
          method: method.toUpperCase(),
          path,
          parameters,
          body: schema && exampleOf(schema, schemas, 0),
        };
      }),
    );
}

function exampleOf(schema: Schema, schemas: Record<string, Schema>, depth: number): unknown {
  if (depth > MOST_DEPTH) return null;
  const named = schema.$ref?.split('/').at(-1);
  if (named !== undefined) return exampleOf(schemas[named] ?? {}, schemas, depth + 1);
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  const first = schema.anyOf?.[0];
  if (first) return exampleOf(first, schemas, depth + 1);
  if (schema.properties) {
    const properties = Object.entries(schema.properties);
    return Object.fromEntries(properties.map(([name, one]) => [name, exampleOf(one, schemas, depth + 1)]));
  }
  if (schema.type === 'array') return [exampleOf(schema.items ?? {}, schemas, depth + 1)];
  if (schema.type === 'integer' || schema.type === 'number') return 1;
  return schema.type === 'boolean' ? true : 'text';
}

const WORDS = [
  '..%2f..%2fetc%2fpasswd',
  '%00',
  '%ff',
  "';--",
  '0',
  '-1',
  'a'.repeat(300),
  '[object Object]',
  '%F0%9F%92%A9',
];

/** `known`: ids of jobs that are there. */
export function strangeRequest(
  operations: Operation[],
  known: readonly string[],
  source: Chance,
): StrangeRequest {
  const { below, pick } = source;
  const { method, path, parameters, body } = pick(operations);
  const word = () => (known.length > 0 && below(2) === 0 ? pick(known) : pick(WORDS));
  let url = path.replace(/\{[^}]+\}/g, () => word()).replace('*', word());
  const query = parameters.filter((one) => one.in === 'query' && below(2) === 0);
  if (query.length > 0) url += `?${query.map(({ name }) => `${name}=${word()}`).join('&')}`;
  if (method === 'GET' || method === 'HEAD') {
    const headers: Record<string, string> = {};
    if (below(4) === 0)
      headers.range = pick(['bytes=-1', 'bytes=5-1', 'bytes=0-,1-', `bytes=${'9'.repeat(30)}-`, 'x']);
    return { method, url, headers };
  }
  const type = pick([
    'application/json',
    'application/json',
    'application/json',
    'text/plain',
    'multipart/form-data; boundary=x',
  ]);
  const text = JSON.stringify(damageJson(body ?? {}, source)) ?? '';
  return {
    method,
    url,
    headers: { 'content-type': type },
    body: below(10) === 0 ? text.slice(0, below(text.length)) : text,
  };
}
