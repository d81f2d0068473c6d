/**
 * The `dns` section.
 *
 * @module
 */
import { z } from 'zod';
import { address, port } from './common.ts';
import { zone } from './zone.ts';

/** Addresses of this router, put into our own zones for the domains of routes that have no record there. */
const autoRecords = z.strictObject({
  addresses: z.array(address).min(1).max(64),
  ttl: z.int().min(0).max(2_147_483_647).default(300),
  /** `all`: but those with `dns: false`; `marked`: only those with `dns: true`. */
  routes: z.enum(['all', 'marked']).default('all'),
});

export const dns = z.strictObject({
  address: address.default('0.0.0.0'),
  port: port.default(53),
  zones: z.record(z.string().min(1), zone).default({}),
  /** When every record of a set is down: true keeps them all, false leaves the set out. */
  failOpen: z.boolean().default(true),
  autoRecords: autoRecords.optional(),
});
