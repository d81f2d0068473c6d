/**
 * Routes: smartproxy's route API, as far as a document can express it (no functions).
 *
 * @module
 */
import { z } from 'zod';
import { count, oneOrMore, port, text } from './common.ts';
import { advanced, headers, loadBalancing, websocket } from './http.ts';
import { routeSecurity } from './security.ts';
import { routeTls } from './tls.ts';

const portRange = z.strictObject({
  from: port.describe('First port.'),
  to: port.describe('Last port, not below `from`.'),
});
const headerConditions = z.record(text(128), z.string().max(8_192));

const match = z.strictObject({
  ports: z
    .union([port, z.array(z.union([port, portRange])).min(1), portRange])
    .describe('Ports to listen on: one, a list of ports and ranges, or a range.'),
  domains: oneOrMore(text(253))
    .optional()
    .describe('Exact names, `*.example.com`, `example.*` or `*`; by SNI, then Host. Default: every connection.'),
  path: text(8_192)
    .optional()
    .describe('Path pattern: `*` is any run of characters, `:name` one segment; with a final `/` a prefix.'),
  clientIp: z.array(text(128)).optional().describe('Addresses, networks, ranges `a-b`, wildcards `10.0.*`.'),
  tlsVersion: z.array(text(16)).optional().describe("As `['TLSv1.2', 'TLSv1.3']`; matches TLS connections only."),
  headers: headerConditions.optional().describe('Request headers by name; an empty text matches absence.'),
  method: oneOrMore(text(32)).optional().describe('Request methods, upper case.'),
  protocol: z
    .enum(['http', 'tcp'])
    .optional()
    .describe('`http`: HTTP whatever the rest says; `tcp`: a tunnel even after TLS termination.'),
});

const targetMatch = z.strictObject({
  ports: z.array(port).min(1).optional().describe('Local ports.'),
  path: text(8_192).optional().describe("Path pattern as in a route's match."),
  headers: headerConditions.optional().describe("Request headers as in a route's match."),
  method: z.array(text(32)).min(1).optional().describe('Request methods, upper case.'),
});

const sendProxyProtocol = z.union([z.boolean(), z.enum(['v1', 'v2'])]);

const target = z.strictObject({
  host: oneOrMore(text(253)).describe('Name or address; a list is used in turn.'),
  port: z
    .union([port, z.enum(['preserve', 'srv'])])
    .describe('`preserve`: the port that the client connected to; `srv`: the host names SRV records.'),
  weight: count(1_000).optional().describe('Share of new connections within one priority; default 1.'),
  priority: z.int().optional().describe('Higher is asked first; default 0.'),
  match: targetMatch.optional().describe('This target only for matching requests; others are the fallback.'),
  tls: routeTls.optional().describe("As the action's, of the same mode."),
  websocket: websocket.optional().describe("In place of the action's."),
  loadBalancing: loadBalancing.optional().describe('How one of several hosts of this target is chosen.'),
  sendProxyProtocol: sendProxyProtocol.optional().describe("In place of the action's."),
  headers: headers.optional().describe("Laid over the route's."),
  advanced: advanced.optional().describe("Laid over the action's."),
});

const redirectStatus = z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]);

const redirect = z.strictObject({
  to: text(8_190)
    .default('https://{domain}{path}')
    .describe(
      'Location: a URL or a path; may hold `{domain}`, `{path}` (query included), `{query}`, `{headers.name}` and the like; in the host only `{domain}` and `{port}`.',
    ),
  status: redirectStatus.default(308).describe('Status of the answer; 308 and 307 keep method and body.'),
});

const action = z
  .strictObject({
    type: z
      .enum(['forward', 'redirect'])
      .default('forward')
      .describe('Forward to a target, or answer with a redirect, to HTTPS by default.'),
    targets: z.array(target).optional().describe('Where to connect; needed unless there is a fixed answer.'),
    target: target
      .meta({ deprecated: true, instead: 'use targets, a list' })
      .optional()
      .describe('The single target of older documents, read as `targets: [target]`.'),
    redirect: redirect.optional().describe('With type `redirect`: where to.'),
    tls: routeTls.optional().describe('How TLS is treated; absent: not at all.'),
    sendProxyProtocol: sendProxyProtocol
      .optional()
      .describe("Announces the client's address to the target by the PROXY protocol; `true` is v1."),
    websocket: websocket.optional().describe('Upgrades.'),
    loadBalancing: loadBalancing.optional().describe('How one of several targets is chosen.'),
    advanced: advanced.optional().describe('Time-outs, sizes, rewriting, own answers.'),
  })
  .superRefine((value, context) => {
    if (value.type === 'redirect') {
      for (const key of ['targets', 'target', 'sendProxyProtocol', 'websocket', 'loadBalancing', 'advanced'] as const) {
        if (value[key] === undefined) continue;
        context.addIssue({ code: 'custom', path: [key], message: "has no effect with type 'redirect'; remove it" });
      }
      return;
    }
    if (value.redirect !== undefined) {
      context.addIssue({ code: 'custom', path: ['redirect'], message: "has no effect; set type to 'redirect'" });
    }
    if (value.targets === undefined && value.target === undefined && value.advanced?.testResponse === undefined) {
      context.addIssue({ code: 'custom', path: ['targets'], message: 'expected a list' });
    }
  });

export const route = z.strictObject({
  name: text(128).describe('Names the route in events, numbers and commands.'),
  id: text(128).optional().describe('An identifier of your own, handed on as `routeId`.'),
  description: z.string().optional().describe('For people.'),
  tags: z.array(text(128)).optional().describe('For people.'),
  metadata: z.record(z.string(), z.unknown()).optional().describe('Whatever you want to keep with the route.'),
  enabled: z.boolean().optional().describe('`false` takes the route out.'),
  priority: z.int().optional().describe('Higher is asked first; default 0.'),
  match: match.describe('The conditions: all that are given must hold.'),
  action: action.describe('What is done with what matches.'),
  security: routeSecurity.optional().describe('Limits and checks.'),
  headers: headers.optional().describe('Header edits of every target.'),
  dns: z.boolean().optional().describe('Whether its domains get records by `dns.autoRecords`.'),
});

export type TRouteConfig = z.output<typeof route>;
export type TTargetConfig = z.output<typeof target>;
