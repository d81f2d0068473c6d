/**
 * The `proxy` section.
 *
 * @module
 */
import { z } from 'zod';
import { address, port } from './common.ts';
import { route } from './route.ts';

/** smartproxy's ACME settings; used by routes whose certificate is `auto`. */
const acme = z.strictObject({
  email: z.email(),
  environment: z.enum(['production', 'staging']).default('production'),
  directoryUrl: z.url().optional(),
  port: port.default(80),
  certificateStore: z.string().min(1).default('./certs'),
  renewThresholdDays: z.int().min(1).max(90).default(30),
});

export const proxy = z.strictObject({
  address: address.optional(),
  drainTimeoutMs: z.int().min(0).max(600_000).default(10_000),
  acme: acme.optional(),
  routes: z.array(route).default([]),
});
