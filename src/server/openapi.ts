/** OpenAPI 3.1 from the schemas of the routes and the jobs, and pages to read it. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { paramsJsonSchema, type Registry } from '../core/registry.ts';

const DESCRIPTION = `Hand in media work, watch it, fetch the results.

Paths are a \`file_id\`, \`/data/input/…\`, \`/data/output/…\`, or the same without \`/data/\`.
Answers that are not a success are problem documents (RFC 9457) with a \`code\`, what happened and what to do next.`;

export function addOpenApi(app: FastifyInstance, registry: Registry, version: string): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Media Mill',
        version,
        description: DESCRIPTION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [
        { name: 'Jobs', description: 'Hand in, look at, cancel, run again' },
        { name: 'Recipes', description: 'Many outputs of one source, in one pass' },
        { name: 'Files', description: 'Uploads and outputs' },
        { name: 'Events', description: 'What happens, as it happens' },
        { name: 'Webhooks', description: 'What was told of jobs that ended' },
        { name: 'System', description: 'Tasks, workers, health' },
      ],
    },
    transform: createJsonSchemaTransform({}),
    transformObject: (document) => withTasks(jsonSchemaTransformObject(document), registry),
  });
  app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: {
      layout: 'BaseLayout',
      docExpansion: 'list',
      displayRequestDuration: true,
      validatorUrl: null,
    },
    theme: { title: 'Media Mill API' },
  });
}

type Document = ReturnType<typeof jsonSchemaTransformObject>;

/** The params of every task, by name, and a submission that says which belongs to which. */
function withTasks(document: Document, registry: Registry): Document {
  const schemas = ((document as { components?: { schemas?: object } }).components?.schemas ?? {}) as Record<
    string,
    Record<string, unknown>
  >;
  for (const job of registry.jobs) schemas[`Params.${job.name}`] = paramsJsonSchema(job);
  const submission = schemas.SubmissionInput;
  if (submission && registry.jobs.length > 0) {
    submission.allOf = registry.jobs.map(({ name }) => ({
      if: { properties: { task: { const: name } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
      then: { properties: { params: { $ref: `#/components/schemas/Params.${name}` } } },
    }));
  }
  return withoutUnused(document, schemas);
}

/** Every schema comes as input and as output; what no route and no other schema mentions is left out. */
function withoutUnused(document: Document, schemas: Record<string, unknown>): Document {
  const text = JSON.stringify(document);
  for (const name of Object.keys(schemas)) {
    if (!text.includes(`"#/components/schemas/${name}"`)) delete schemas[name];
  }
  return document;
}
