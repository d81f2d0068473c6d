/**
 * The `health` section: what is checked, how, and how often.
 *
 * @module
 */
import { z } from 'zod';
import { oneOrMore } from './common.ts';

const name = z.string().min(1).max(128);
/** `host:port`, an IPv6 address in brackets; `_http._tcp.example.com:srv` for all servers of a service. */
const target = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}):([0-9]{1,5}|srv)$/, { error: 'expected host:port' });
const status = z.int().min(100).max(599);

/** How often, and how many in a row turn the state. */
const pace = {
  intervalMs: z.int().min(100).max(86_400_000).default(10_000),
  timeoutMs: z.int().min(10).max(60_000).default(2_000),
  rise: z.int().min(1).max(100).default(2),
  fall: z.int().min(1).max(100).default(3),
};
/** One of both: an address, or the targets of a route. */
const subject = { name, target: target.optional(), route: name.optional(), ...pace };
const expected = z.strictObject({
  /** Default: 200 to 399. */
  status: oneOrMore(status).optional(),
  /** Text that the first 64 KiB of the body must contain. */
  body: z.string().min(1).max(1_024).optional(),
});
const request = {
  path: z.string().startsWith('/').max(8_190).default('/'),
  /** Host of the request, and the name that the certificate must carry. Default: the target's. */
  host: z.string().min(1).max(253).optional(),
  expect: expected.prefault({}),
};
/** Whether the certificate must be one that this machine trusts. */
const verify = z.boolean().default(true);

const check = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('tcp'), ...subject }),
  z.strictObject({ type: z.literal('http'), ...subject, ...request }),
  z.strictObject({ type: z.literal('https'), ...subject, ...request, verify }),
  z.strictObject({
    type: z.literal('tls-expiry'),
    ...subject,
    intervalMs: pace.intervalMs.default(3_600_000),
    servername: z.string().min(1).max(253).optional(),
    /** Days before the end of the certificate at which the check fails. */
    daysLeft: z.int().min(0).max(3_650).default(14),
  }),
  z.strictObject({
    type: z.literal('dns'),
    ...subject,
    query: z.strictObject({ name: z.string().min(1).max(253), type: z.string().min(1).max(16).default('A') }),
  }),
]);

/** Checks of every target of every route. */
const targets = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('tcp'), ...pace }),
  z.strictObject({ type: z.literal('http'), ...pace, ...request }),
  z.strictObject({ type: z.literal('https'), ...pace, ...request, verify }),
]);

export const health = z.strictObject({
  checks: z.array(check).max(10_000).default([]),
  targets: targets.optional(),
  /** Checks under way at once. */
  concurrency: z.int().min(1).max(1_000).default(32),
});

export type TCheckConfig = z.output<typeof check>;
export type THealthConfig = z.output<typeof health>;
