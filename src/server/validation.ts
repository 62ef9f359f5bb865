/** Checks requests against the zod schemas of their routes; failures name every field, and the nearest key. */
import type { FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { MillError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema }) => {
  return (data: unknown) => {
    const result = schema.safeParse(data ?? {});
    return result.success ? { value: result.data } : { error: invalidRequest(schema, result.error) };
  };
};

/** For routes that read their body as a stream: the schema is documentation. */
export const acceptAnyBody = () => (data: unknown) => ({ value: data });

export function invalidRequest(schema: z.ZodType, error: z.ZodError): MillError {
  const problems = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownKey(key, issue.path, knownKeys(schema, issue.path)))
      : [wrongValue(issue)],
  );
  return new MillError('invalid_request', problems.map(({ message }) => message).join(' '), {
    facts: { problems },
  });
}

interface FieldProblem {
  field: string;
  message: string;
  nearest: string | null;
}

/** One sentence about a key nobody knows. */
export function unknownKey(
  key: string,
  path: readonly PropertyKey[],
  known: readonly string[],
): FieldProblem {
  const close = nearest(key, known);
  const hint = close ? `Did you mean "${close}"?` : `Known are: ${known.join(', ')}.`;
  return { field: nameOf([...path, key]), message: `"${key}" is not known here. ${hint}`, nearest: close };
}

function wrongValue(issue: z.core.$ZodIssue): FieldProblem {
  const field = nameOf(issue.path);
  const missing = /received undefined$/.test(issue.message);
  const message = missing ? 'is required' : issue.message.replace(/^Invalid (input|option): /, '');
  return {
    field,
    message: `"${field}": ${message.replace('expected record', 'expected object')}.`,
    nearest: null,
  };
}

function nameOf(path: readonly PropertyKey[]): string {
  return path.map(String).join('.') || 'body';
}

function knownKeys(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return knownKeys(schema.unwrap(), path);
  }
  const [first, ...rest] = path;
  if (schema instanceof z.ZodArray && first !== undefined) return knownKeys(schema.element, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  if (first === undefined) return Object.keys(schema.shape);
  const field = schema.shape[String(first)];
  return field ? knownKeys(field, rest) : [];
}
