/**
 * The configuration document's schema. What a route may hold is smartproxy's route API; here stands the part of it
 * that a document can express (no functions).
 *
 * @module
 */
import { isIP } from 'node:net';
import { z } from 'zod';

const port = z.int().min(1).max(65_535);
const address = z.string().refine((value) => isIP(value) !== 0, { error: 'expected an IPv4 or IPv6 address' });
const oneOrMore = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)]);
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
  z.strictObject({ key: z.string(), cert: z.string() }),
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

const route = z.strictObject({
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

const recordData = {
  A: z.ipv4(),
  AAAA: z.ipv6(),
  NS: z.string().min(1),
  CNAME: z.string().min(1),
  MX: z.strictObject({ preference: z.int().min(0).max(65_535), exchange: z.string().min(1) }),
  TXT: z.union([z.string(), z.array(z.string()).min(1)]),
  SRV: z.strictObject({
    priority: z.int().min(0).max(65_535),
    weight: z.int().min(0).max(65_535),
    port: z.int().min(0).max(65_535),
    target: z.string().min(1),
  }),
} as const;

/** RFC 2181 §8: a TTL is 31 bits, unsigned. */
const ttl = z.int().min(0).max(2_147_483_647);
const recordBase = { name: z.string().min(1), ttl: ttl.optional() };
const record = z.discriminatedUnion('type', [
  z.strictObject({ ...recordBase, type: z.literal('A'), data: recordData.A }),
  z.strictObject({ ...recordBase, type: z.literal('AAAA'), data: recordData.AAAA }),
  z.strictObject({ ...recordBase, type: z.literal('NS'), data: recordData.NS }),
  z.strictObject({ ...recordBase, type: z.literal('CNAME'), data: recordData.CNAME }),
  z.strictObject({ ...recordBase, type: z.literal('MX'), data: recordData.MX }),
  z.strictObject({ ...recordBase, type: z.literal('TXT'), data: recordData.TXT }),
  z.strictObject({ ...recordBase, type: z.literal('SRV'), data: recordData.SRV }),
]);

const soa = z.strictObject({
  mname: z.string().min(1).optional(),
  rname: z.string().min(1).optional(),
  serial: z.int().min(0).max(4_294_967_295).default(1),
  refresh: ttl.default(3600),
  retry: ttl.default(600),
  expire: ttl.default(604_800),
  minimum: ttl.default(300),
});

const zone = z.strictObject({
  ttl: ttl.default(300),
  soa: soa.prefault({}),
  records: z.array(record).default([]),
});

/** smartproxy's ACME settings; used by routes whose certificate is `auto`. */
const acme = z.strictObject({
  email: z.email(),
  environment: z.enum(['production', 'staging']).default('production'),
  directoryUrl: z.url().optional(),
  port: port.default(80),
  certificateStore: z.string().min(1).default('./certs'),
  renewThresholdDays: z.int().min(1).max(90).default(30),
});

export const configSchema = z.strictObject({
  api: z
    .strictObject({
      address: address.default('127.0.0.1'),
      port: port.default(9090),
      metricsAllow: z.union([z.literal('any'), z.array(z.string())]).optional(),
    })
    .prefault({}),
  logging: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
      format: z.enum(['json', 'pretty']).default('json'),
      access: z.boolean().default(true),
    })
    .prefault({}),
  proxy: z
    .strictObject({
      address: address.optional(),
      drainTimeoutMs: z.int().min(0).max(600_000).default(10_000),
      acme: acme.optional(),
      routes: z.array(route).default([]),
    })
    .optional(),
  dns: z
    .strictObject({
      address: address.default('0.0.0.0'),
      port: port.default(53),
      zones: z.record(z.string().min(1), zone).default({}),
    })
    .optional(),
});

/** A validated configuration with every default filled in. */
export type TConfig = z.output<typeof configSchema>;
export type TRouteConfig = z.output<typeof route>;
export type TZoneConfig = z.output<typeof zone>;
export type TRecordConfig = z.output<typeof record>;
