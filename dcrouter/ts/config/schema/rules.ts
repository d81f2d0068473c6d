/**
 * The `rules` section: what is decided about connections, requests and queries beyond their routes and zones.
 *
 * Expressions are text here; `rules/` reads and checks them.
 *
 * @module
 */
import { z } from 'zod';
import { port } from './common.ts';

const name = z.string().min(1).max(128);
const expression = z.string().min(1).max(4_096);
/** `10s`, `5m`, `1h`, `1d`. */
const duration = z.string().regex(/^[0-9]{1,6}(ms|s|m|h|d)$/, { error: "expected a time such as '10s', '5m' or '1h'" });
/** RFC 9110 §5.6.2. */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, { error: 'expected the name of a header' });
const headerValue = z
  .string()
  .max(4_096)
  .regex(/^[\t\x20-\x7e]*$/, { error: 'expected visible ASCII on one line' });
/** What a DNS client gets: a code, or nothing at all. */
const dnsAnswer = z.enum(['REFUSED', 'NXDOMAIN', 'SERVFAIL', 'NOERROR', 'FORMERR', 'NOTIMP', 'drop']);
const refusalStatus = z.int().min(400).max(599);
const message = z.enum(['request', 'response']);

const action = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('allow') }),
  z.strictObject({
    type: z.literal('deny'),
    status: refusalStatus.default(403),
    body: z.string().max(65_536).optional(),
    contentType: headerValue.optional(),
    answer: dnsAnswer.default('REFUSED'),
  }),
  z.strictObject({
    type: z.literal('route'),
    /** One of both: a route of the proxy, or where the matched route's traffic goes instead. */
    route: name.optional(),
    target: z.strictObject({ host: z.string().min(1).max(253), port }).optional(),
  }),
  z.strictObject({
    type: z.literal('rate-limit'),
    /** Whose events are counted together. */
    key: expression.default('client.ip'),
    count: z.int().min(1).max(1_000_000_000),
    window: duration,
    status: refusalStatus.default(429),
    answer: dnsAnswer.default('REFUSED'),
  }),
  z.strictObject({
    type: z.literal('redirect'),
    /** A location, in which `{http.host}` and other fields of text are put in. */
    to: z.string().min(1).max(2_048),
    status: z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]).default(302),
  }),
  z.strictObject({ type: z.literal('set-header'), message, name: headerName, value: headerValue.min(1) }),
  z.strictObject({ type: z.literal('add-header'), message, name: headerName, value: headerValue.min(1) }),
  z.strictObject({ type: z.literal('remove-header'), message, name: headerName }),
  z.strictObject({ type: z.literal('tag'), tag: name }),
  z.strictObject({ type: z.literal('tarpit'), for: duration.default('10s'), status: refusalStatus.default(403) }),
  z.strictObject({ type: z.literal('log'), message: z.string().max(256).optional() }),
]);

export const rule = z.strictObject({
  name,
  description: z.string().max(1_024).optional(),
  enabled: z.boolean().default(true),
  /** Higher ones are asked first; among equals the order of the list counts. */
  priority: z.int().min(-1_000_000).max(1_000_000).default(0),
  when: expression,
  /** Where it is asked, when the fields that it names do not say so. */
  stages: z
    .array(z.enum(['connection', 'request', 'query', 'mail']))
    .min(1)
    .optional(),
  action,
});

export const rules = z.strictObject({
  /** Of the `time.*` fields: an IANA name. */
  timeZone: z.string().min(1).default('UTC'),
  /** How many of the latest connections, requests and queries are kept for `rules test --recorded`; 0: none. */
  record: z.int().min(0).max(10_000).default(0),
  /** Addresses and networks, or host names (`*.example.com`: below it), by the name that `in @name` uses. */
  lists: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/), z.array(z.string().min(1)).max(100_000))
    .default({}),
  rules: z.array(rule).max(10_000).default([]),
});

export type TRuleConfig = z.output<typeof rule>;
export type TRuleAction = TRuleConfig['action'];
export type TRulesConfig = z.output<typeof rules>;
