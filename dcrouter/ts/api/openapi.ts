/**
 * The OpenAPI 3.1 document, made from the schemas that validate.
 *
 * @module
 */
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { endpoint } from './endpoint.ts';

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
    transformObject: jsonSchemaTransformObject,
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
