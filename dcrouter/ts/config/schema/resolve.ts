/**
 * The `resolve` section: how targets by name are found.
 *
 * @module
 */
import { z } from 'zod';

/** RFC 2181 §8. */
const seconds = z.int().min(0).max(2_147_483_647);

export const resolve = z.strictObject({
  /** `system`, `1.1.1.1`, `udp://…:53`, `tcp://…`, `tls://1.1.1.1#name`, `https://…/dns-query`; asked in this order. */
  servers: z.array(z.string().min(1)).min(1).max(32).default(['system']),
  timeoutMs: z.int().min(10).max(60_000).default(2_000),
  /** Answers are kept for exactly their TTL within these, seconds. */
  minTtl: seconds.default(1),
  maxTtl: seconds.min(1).default(86_400),
  /** How long past its TTL an answer serves while no server answers (RFC 8767). */
  staleSeconds: seconds.default(86_400),
  family: z.enum(['auto', 'ipv4', 'ipv6', 'ipv4-only', 'ipv6-only']).default('auto'),
});

export type TResolveConfig = z.output<typeof resolve>;
