/**
 * Routes: the part of smartproxy's route API that a document can express (no functions).
 *
 * @module
 */
import { z } from 'zod';
import { oneOrMore, port } from './common.ts';

const portRange = z.strictObject({ from: port, to: port });

const match = z.strictObject({
  ports: z.union([port, z.array(z.union([port, portRange])).min(1), portRange]),
  domains: oneOrMore(z.string().min(1)).optional(),
  path: z.string().startsWith('/').optional(),
  clientIp: z.array(z.string()).optional(),
  tlsVersion: z.array(z.string()).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  method: oneOrMore(z.string().min(1)).optional(),
  protocol: z.enum(['http', 'tcp']).optional(),
});

const target = z.strictObject({
  host: oneOrMore(z.string().min(1)),
  port: z.union([port, z.literal('preserve')]),
});

const certificate = z.union([
  z.literal('self-signed'),
  z.literal('auto'),
  z.strictObject({ keyFile: z.string(), certFile: z.string() }),
  z.strictObject({ key: z.string().meta({ secret: true }), cert: z.string() }),
]);

const tls = z.strictObject({
  mode: z.enum(['passthrough', 'terminate', 'terminate-and-reencrypt']),
  certificate: certificate.optional(),
});

const security = z.strictObject({
  ipAllowList: z.array(z.string()).optional(),
  ipBlockList: z.array(z.string()).optional(),
  maxConnections: z.int().min(0).optional(),
});

export const route = z.strictObject({
  name: z.string().min(1).max(128),
  description: z.string().optional(),
  priority: z.int().optional(),
  enabled: z.boolean().optional(),
  match,
  action: z.strictObject({
    type: z.literal('forward'),
    targets: z.array(target).min(1),
    tls: tls.optional(),
    sendProxyProtocol: z.boolean().optional(),
  }),
  security: security.optional(),
});

export type TRouteConfig = z.output<typeof route>;
