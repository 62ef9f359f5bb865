/** TypeScript of our OpenAPI document, for the page: one interface a schema, one entry a route. */

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

interface Operation {
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

export interface OpenApiDocument {
  components?: { schemas?: Record<string, Schema> };
  paths: Record<string, Record<string, Operation>>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** Params of tasks are read at run time, from GET /api/tasks: the page knows no task. */
const isOfTask = (name: string) => name.startsWith('Params.');

export function apiClientTypes({ components, paths }: OpenApiDocument): string {
  const schemas = Object.entries(components?.schemas ?? {}).filter(([name]) => !isOfTask(name));
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => operationType(path, method, operation)),
  );
  return [
    '// Written by scripts/gen.ts from the OpenAPI document of the server; run `npm run gen` after changing a route.',
    ...schemas.map(([name, schema]) => `export type ${name} = ${typeOf(schema)};\n`),
    'export interface Operations {',
    ...operations,
    '}',
    '',
  ].join('\n');
}

function operationType(path: string, method: string, operation: Operation): string {
  const { parameters = [], requestBody, responses, summary } = operation;
  const members = (place: string, optional: boolean) =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map(
        ({ name, required, schema }) => `${key(name)}${required && !optional ? '' : '?'}: ${typeOf(schema)}`,
      )
      .join('; ');
  const answer = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
  const lines = [
    `    path: { ${members('path', false)} };`,
    `    query: { ${members('query', true)} };`,
    `    body: ${contentType(requestBody?.content)};`,
    `    answer: ${contentType(answer?.content)};`,
  ];
  const name = `'${method.toUpperCase()} ${path}'`;
  return `${summary ? `  /** ${summary.replaceAll('*/', '')} */\n` : ''}  ${name}: {\n${lines.join('\n')}\n  };`;
}

function contentType(content: Record<string, { schema?: Schema }> | undefined): string {
  const schema = content?.['application/json']?.schema;
  return schema ? typeOf(schema) : 'unknown';
}

function typeOf(schema: Schema): string {
  if (schema.$ref) {
    const name = schema.$ref.split('/').pop() ?? '';
    return isOfTask(name) ? 'Record<string, unknown>' : name;
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ') || 'never';
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return [...new Set(options.map(typeOf))].map(grouped).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(' | ');
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return `${grouped(schema.items ? typeOf(schema.items) : 'unknown')}[]`;
    case 'object':
      return objectType(schema);
    default:
      return 'unknown';
  }
}

function objectType({ properties = {}, required = [], additionalProperties }: Schema): string {
  const members = Object.entries(properties).map(([name, schema]) => {
    const doc = schema.description
      ? `/** ${schema.description.replaceAll('*/', '').replaceAll('\n', ' ')} */ `
      : '';
    return `${doc}${key(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)};`;
  });
  const rest =
    typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0
      ? typeOf(additionalProperties)
      : 'unknown';
  if (members.length === 0) return `Record<string, ${rest}>`;
  if (rest !== 'unknown') members.push(`[key: string]: ${rest};`);
  return `{ ${members.join(' ')} }`;
}

const key = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
const grouped = (type: string) => (/[|&]/.test(type) && !type.startsWith('{') ? `(${type})` : type);
