/**
 * Zones and their records.
 *
 * @module
 */
import { z } from 'zod';

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
const recordBase = { name: z.string().min(1), ttl: ttl.optional(), health: z.string().min(1).max(128).optional() };
export const record = z.discriminatedUnion('type', [
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

export const zone = z.strictObject({
  ttl: ttl.default(300),
  soa: soa.prefault({}),
  records: z.array(record).default([]),
});

export type TZoneConfig = z.output<typeof zone>;
export type TRecordConfig = z.output<typeof record>;
