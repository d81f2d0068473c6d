/**
 * The configuration as a JSON Schema, so that editors complete and check documents while they are written.
 *
 * @module
 */
import { z } from 'zod';
import { configSchema } from './schema/index.ts';

/** A schema, or a part of one. */
export interface IJsonSchema {
  [keyword: string]: unknown;
}

const REFERENCE = { $ref: '#/$defs/environmentReference' };
const FROM_FILE = { $ref: '#/$defs/textFromFile' };

const DEFINITIONS: IJsonSchema = {
  environmentReference: {
    description: 'Taken from the environment: ${NAME}, or ${NAME:-default}.',
    type: 'string',
    pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}',
  },
  textFromFile: {
    description: 'Text that stands in a file of its own.',
    type: 'object',
    properties: { fromFile: { description: 'The file, relative to this one.', type: 'string', minLength: 1 } },
    required: ['fromFile'],
    additionalProperties: false,
  },
};

/**
 * JSON Schema, draft 2020-12, of a document as it is written: with `${NAME}` wherever a value may come from the
 * environment, and `{ fromFile: path }` wherever text may stand in a file.
 */
export function configJsonSchema(): IJsonSchema {
  const made = plainJsonSchema(configSchema);
  const { $schema, $defs = {}, ...rest } = made;
  return {
    $schema,
    $id: 'urn:dcrouter:schema:configuration',
    title: 'DcRouter configuration',
    ...(asWritten(rest) as IJsonSchema),
    $defs: { ...withWrittenDefinitions($defs as IJsonSchema), ...DEFINITIONS },
  };
}

function withWrittenDefinitions(definitions: IJsonSchema): IJsonSchema {
  return Object.fromEntries(Object.entries(definitions).map(([key, value]) => [key, withWrittenParts(value)]));
}

/** JSON Schema of values as the router takes them, without references. */
export function plainJsonSchema(schema: z.ZodType): IJsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema, path }) => tidy(jsonSchema as IJsonSchema, path),
  }) as IJsonSchema;
}

/** Our marks become standard keywords; what says nothing to a reader goes. */
function tidy(schema: IJsonSchema, path: ReadonlyArray<string | number>): void {
  if (schema['secret'] === true) schema['writeOnly'] = true;
  for (const key of ['secret', 'path', 'instead', 'id']) delete schema[key];
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  // The default is the machine's host name, which is another one on every machine.
  if (path.at(-3) === 'node' && path.at(-1) === 'name') delete schema['default'];
}

const ANNOTATIONS = ['description', 'default', 'deprecated', 'writeOnly'];

/** The schema with references to the environment and to files wherever they may stand. */
function asWritten(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema;
  const node = schema as IJsonSchema;
  const further = furtherForms(node);
  if (further.length === 0) return withWrittenParts(node);
  const branches = Array.isArray(node['anyOf']) ? node['anyOf'].map(withWrittenParts) : [without(node, ANNOTATIONS)];
  const annotations = Object.fromEntries(Object.entries(node).filter(([key]) => ANNOTATIONS.includes(key)));
  return { ...annotations, anyOf: [...branches, ...further] };
}

/** The same for what is inside a group, a list or a choice. */
function withWrittenParts(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  const node: IJsonSchema = { ...(schema as IJsonSchema) };
  for (const key of ['items', 'additionalProperties']) if (node[key] !== undefined) node[key] = asWritten(node[key]);
  for (const key of ['anyOf', 'oneOf']) {
    if (Array.isArray(node[key])) node[key] = node[key].map(withWrittenParts);
  }
  const properties = node['properties'] as IJsonSchema | undefined;
  if (properties !== undefined) {
    node['properties'] = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, asWritten(value)]));
  }
  return node;
}

/** What else may be written for a value: plain text takes a reference anyway. */
function furtherForms(node: IJsonSchema): IJsonSchema[] {
  const branches = (Array.isArray(node['anyOf']) ? node['anyOf'] : [node]) as IJsonSchema[];
  const texts = branches.filter((branch) => branch['type'] === 'string');
  const open = texts.some((text) => ['pattern', 'format', 'enum', 'const'].every((key) => text[key] === undefined));
  const scalars = branches.filter((branch) =>
    ['integer', 'number', 'boolean', 'string'].includes(String(branch['type'])),
  );
  const free = texts.some((text) => text['enum'] === undefined && text['const'] === undefined);
  return [...(scalars.length > 0 && !open ? [REFERENCE] : []), ...(free ? [FROM_FILE] : [])];
}

function without(node: IJsonSchema, keys: readonly string[]): IJsonSchema {
  return Object.fromEntries(Object.entries(node).filter(([key]) => !keys.includes(key)));
}
