/**
 * The OpenAPI 3.1 document, made from the schemas that validate.
 *
 * @module
 */
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { route } from '../config/schema/route.ts';
import { rule } from '../config/schema/rules.ts';
import { zone } from '../config/schema/zone.ts';
import { endpoint } from './endpoint.ts';
import { json } from './schemas.ts';

// The plugin's own declaration does not find fastify where packages see only what they name.
declare module 'fastify' {
  interface FastifyInstance {
    swagger(): Record<string, unknown>;
  }
}

const INFO = {
  title: 'DcRouter management API',
  version: '1',
  description:
    'Looking at a running router and changing it. Errors are problem documents (RFC 9457) with a stable code.',
};

interface IDocument {
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}

/** Parts of the configuration document that bodies hold; control validates them by these very schemas. */
const CONFIG_SCHEMAS = { RouteConfig: route, ZoneConfig: zone, RuleConfig: rule };

/** A body that holds a part of the configuration document; its name, which the path has, may be left out. */
export function configBody(part: keyof typeof CONFIG_SCHEMAS, description: string, example: object): typeof json {
  const reference = `#/components/schemas/${part}`;
  return json.meta({
    description: `${description} As \`${reference}\`; its name may be left out.`,
    examples: [example],
  });
}

function withConfigSchemas(document: IDocument): object {
  const made: Record<string, unknown> = {};
  for (const [id, schema] of Object.entries(CONFIG_SCHEMAS)) {
    const text = JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
    // What is shared stands beside its users in a JSON Schema, and among the components here.
    const {
      $schema: _,
      $defs,
      ...rest
    } = JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/')) as Record<string, unknown>;
    Object.assign(made, $defs, { [id]: rest });
  }
  const { components } = document;
  return { ...document, components: { ...components, schemas: { ...made, ...components?.schemas } } };
}

/** To be called before the endpoints are added. */
export async function documentApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    hideUntagged: true,
    openapi: {
      openapi: '3.1.0',
      info: INFO,
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'dcr_…',
            description: 'A token made by `POST /api/v1/tokens`. On loopback none is needed before the first is made.',
          },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: (document: object) => withConfigSchemas(jsonSchemaTransformObject(document as never) as IDocument),
  });
}

export function addOpenApi(app: FastifyInstance): void {
  endpoint(app, {
    method: 'GET',
    path: '/openapi.json',
    scope: 'read',
    tag: 'Status',
    summary: 'The OpenAPI 3.1 document of all this.',
    responses: { 200: z.record(z.string(), z.unknown()) },
    handle: async () => app.swagger(),
  });
}
