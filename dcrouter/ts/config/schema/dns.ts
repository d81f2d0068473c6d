/**
 * The `dns` section.
 *
 * @module
 */
import { z } from 'zod';
import { address, count, milliseconds, port, text } from './common.ts';
import { forward } from './forward.ts';
import { ttl } from './record.ts';
import { givenCertificate } from './tls.ts';
import { zone } from './zone.ts';

const certificate = z
  .union([z.literal('self-signed'), givenCertificate])
  .describe('`self-signed`: made at start; or given.');

const tcp = z.strictObject({
  port: port.optional().describe('Default `dns.port`.'),
  address: address.optional().describe('Default `dns.address`.'),
});

const tls = z.strictObject({
  port: port.default(853).describe('Port of DNS over TLS.'),
  certificate: certificate.optional().describe('Default that of `dns.https`.'),
});

const https = z.strictObject({
  port: port.default(443).describe('Port of DNS over HTTPS.'),
  path: z.string().startsWith('/').optional().describe('Default `/dns-query`.'),
  certificate,
});

const limits = z.strictObject({
  tcpConnectionsMax: count(1_000_000, 1).optional().describe('TCP and TLS connections at once; default 10000.'),
  tcpConnectionsPerClientMax: count(1_000_000, 1).optional().describe('The same of one client; default 100.'),
  tcpIdleTimeoutMs: milliseconds(1).optional().describe('Milliseconds without a query; default 10000.'),
  handlerTimeoutMs: milliseconds(1).optional().describe('Milliseconds that an answer may take to make; default 4000.'),
});

const rate = z.number().positive().max(1_000_000_000);

const rateLimit = z.strictObject({
  responsesPerSecond: rate.describe('Like answers to one network.'),
  nxdomainsPerSecond: rate.optional().describe('NXDOMAIN and NODATA; default `responsesPerSecond`.'),
  errorsPerSecond: rate.optional().describe('Other error codes; default `responsesPerSecond`.'),
  slip: count(100).optional().describe('Every n-th answer over the rate is sent cut short; 0: none; default 2.'),
  windowSeconds: count(3_600, 1).optional().describe('Seconds that a network stays limited at most; default 15.'),
  ipv4PrefixLength: count(32, 1).optional().describe('Bits that make the network; default 24.'),
  ipv6PrefixLength: count(128, 1).optional().describe('Bits that make the network; default 56.'),
});

const queryLimit = z.strictObject({
  queriesPerSecond: rate.describe('Of one client, whatever it asks.'),
  burst: count(1_000_000_000, 1).optional().describe('At once after a pause; default twice the rate.'),
});

const cookies = z.strictObject({
  secrets: z
    .array(
      z
        .string()
        .regex(/^[0-9A-Fa-f]{32}$/, { error: 'expected 32 hexadecimal digits' })
        .meta({ secret: true }),
    )
    .min(1)
    .max(16)
    .optional()
    .describe('16 octets each in hexadecimal, newest first; servers of one address share them. Default: a random one.'),
  enforce: z.boolean().optional().describe('Answer UDP queries without a valid cookie with BADCOOKIE; default false.'),
});

const identity = z.strictObject({
  serverId: text(255).optional().describe('Answer to `id.server` and NSID.'),
  version: text(255).optional().describe('Answer to `version.server` and `version.bind`.'),
});

const authority = z.strictObject({
  zones: z.array(text(255)).optional().describe('Origins that we speak for without records, for handlers of programs.'),
  primaryNameserver: text(255).optional().describe('Name of our first name server; default `ns1.<zone>`.'),
  serialStart: count(4_294_967_295).optional().describe('First serial; default the Unix time at the start.'),
  soa: z
    .strictObject({
      rname: text(255).optional().describe('Mailbox as a name; default `hostmaster.<zone>`.'),
      serial: count(4_294_967_295).optional().describe('Default: rises with every change.'),
      refresh: ttl.optional().describe('Seconds.'),
      retry: ttl.optional().describe('Seconds.'),
      expire: ttl.optional().describe('Seconds.'),
      minimum: ttl.optional().describe('Seconds.'),
      ttl: ttl.optional().describe('Seconds.'),
    })
    .optional()
    .describe('Fields of their SOA records.'),
});

const autoRecords = z.strictObject({
  addresses: z.array(address).min(1).max(64).describe('Of this router.'),
  ttl: ttl.default(300).describe('Seconds.'),
  routes: z
    .enum(['all', 'marked'])
    .default('all')
    .describe('`all`: but those with `dns: false`; `marked`: only those with `dns: true`.'),
});

export const dns = z
  .strictObject({
    address: address.default('0.0.0.0').describe('For every transport without one of its own.'),
    port: port.default(53).describe('Port of UDP, and of TCP.'),
    udpAddress: address.optional().describe('Address of UDP; default `address`.'),
    udpBatch: z
      .boolean()
      .optional()
      .describe(
        'Many datagrams per system call, where the runtime can: under load a third of the CPU time per query. Uses node:ffi, which is experimental in Node 26; default false.',
      ),
    tcp: z
      .union([z.literal(false), tcp])
      .optional()
      .describe('`false` turns TCP off, which RFC 7766 forbids in public.'),
    tls: tls.optional().describe('DNS over TLS; absent: off.'),
    https: https.optional().describe('DNS over HTTPS; absent: off.'),
    secureAddress: address.optional().describe('Address of DNS over TLS and HTTPS; default `address`.'),
    reusePort: z.boolean().optional().describe('Share the ports with other processes; default false.'),
    forward: forward.optional().describe('Who is asked for names outside our zones; absent: they are refused.'),
    rateLimit: rateLimit.optional().describe('Limits like answers to one network over UDP; absent: off.'),
    queryLimit: queryLimit.optional().describe('Limits queries of one client; absent: off.'),
    cookies: z
      .union([z.literal(false), cookies])
      .optional()
      .describe('DNS cookies; default on, with a random secret.'),
    limits: limits.optional().describe('Connections and times.'),
    identity: identity.optional().describe('What the server says about itself; refused when not set.'),
    localhost: z.boolean().optional().describe('Answer `localhost` and loopback reverse names; default true.'),
    authority: authority.optional().describe('Zones without records, which programs answer.'),
    zones: z.record(text(255), zone).default({}).describe('Zones by name.'),
    failOpen: z
      .boolean()
      .default(true)
      .describe('When every record of a set is down: true keeps them all, false leaves the set out.'),
    autoRecords: autoRecords
      .optional()
      .describe('Addresses of this router for the domains of routes that have no record in our zones.'),
  })
  .superRefine((value, context) => {
    if (value.tls !== undefined && value.tls.certificate === undefined && value.https === undefined) {
      const message = 'is missing, and there is no dns.https whose certificate could serve';
      context.addIssue({ code: 'custom', path: ['tls', 'certificate'], message });
    }
  });

export type TDnsConfig = z.output<typeof dns>;
