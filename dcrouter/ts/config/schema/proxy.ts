/**
 * The `proxy` section.
 *
 * @module
 */
import { z } from 'zod';
import { address, addressPattern, count, file, milliseconds, pem, port, secret, text, tlsVersion } from './common.ts';
import { route } from './route.ts';
import { defaultSecurity } from './security.ts';
import { givenCertificate } from './tls.ts';

const acme = z.strictObject({
  enabled: z.boolean().default(true).describe('`false` orders no certificates.'),
  email: z.email().describe('Of the account.'),
  environment: z
    .enum(['production', 'staging'])
    .default('production')
    .describe("Which of Let's Encrypt's directories is asked."),
  directoryUrl: z.url().optional().describe("Another directory than Let's Encrypt's."),
  directoryCa: pem.optional().describe('Authorities to trust for the directory itself, PEM.'),
  port: port.default(80).describe('Port on which http-01 challenges are answered.'),
  certificateStore: file
    .default('./certs')
    .describe(
      'Folder of certificates and account; with a store other than `memory` only read, for what was there before.',
    ),
  autoRenew: z.boolean().default(true).describe('Renew before expiry.'),
  renewThresholdDays: count(90, 1).default(30).describe('Days before expiry at which renewal starts.'),
  renewCheckIntervalHours: count(596, 1).default(24).describe('Hours between looks at the certificates.'),
  skipConfiguredCerts: z.boolean().optional().describe('Leave domains alone that have a certificate of the document.'),
});

const limits = z.strictObject({
  maxConnections: count(10_000_000).optional().describe('Open connections of all clients; default 10000, 0: any.'),
  maxConnectionsPerIP: count(10_000_000).optional().describe('Open connections of one address; default 100, 0: any.'),
  connectionRateLimitPerMinute: count(10_000_000)
    .optional()
    .describe('New connections of one address per minute; default 0: any.'),
});

const timeouts = z.strictObject({
  initialDataTimeoutMs: milliseconds().optional().describe('Until the first bytes of a client; default 120000.'),
  connectionTimeoutMs: milliseconds().optional().describe('To connect to a target; default 30000.'),
  socketTimeoutMs: milliseconds()
    .optional()
    .describe('Without data while a request or response is under way; default 120000.'),
  inactivityTimeoutMs: milliseconds()
    .optional()
    .describe('Without data until a connection is closed; default 14400000 (4 h).'),
  disableInactivityCheck: z.boolean().optional().describe('No inactivity time-out at all; default false.'),
  keepAliveTreatment: z
    .enum(['standard', 'extended', 'immortal'])
    .optional()
    .describe('`extended`: the inactivity time-out times the multiplier; `immortal`: never. Default `extended`.'),
  keepAliveInactivityMultiplier: count(1_000_000, 1).optional().describe('Of the extended treatment; default 6.'),
  maxConnectionLifetimeMs: milliseconds().optional().describe('A connection may live; default 86400000.'),
  extendedKeepAliveLifetimeMs: milliseconds()
    .optional()
    .describe('The same under the extended treatment; default 7 days.'),
});

const socket = z.strictObject({
  noDelay: z.boolean().optional().describe('Send small packets at once; default true.'),
  kind: z
    .enum(['auto', 'net', 'ring'])
    .optional()
    .describe(
      "`net`: Node's own streams; default `auto`: its TCP handles where it shows them, which is faster; `ring`: busy " +
        'ones move into an io_uring where the system lets them, which takes a third less CPU time per request and uses ' +
        'node:ffi, experimental in Node 26.',
    ),
  keepAlive: z.boolean().optional().describe('TCP keep-alive; default true.'),
  keepAliveInitialDelayMs: milliseconds().optional().describe('Silence until the first probe; default 10000.'),
});

const tls = z.strictObject({
  certificate: givenCertificate.optional().describe('For routes that end TLS and name no certificate.'),
  pfxFile: file.optional().describe('The same as a PKCS #12 bundle.'),
  pfxPassphrase: secret(1_024).optional().describe('Of the bundle.'),
  ciphers: text(8_192).optional().describe('OpenSSL cipher list.'),
  honorCipherOrder: z.boolean().optional().describe("Our order of ciphers counts, not the client's; default true."),
  minVersion: tlsVersion.optional().describe('Lowest accepted version; default TLSv1.2.'),
  maxVersion: tlsVersion.optional().describe('Highest accepted version; default TLSv1.3.'),
  rejectUnauthorized: z
    .boolean()
    .optional()
    .describe('Whether certificates of targets must be valid under `terminate-and-reencrypt`; default true.'),
  allowSessionTicket: z.boolean().optional().describe('`false` refuses resumption without SNI on passthrough ports.'),
  ticketKeyRotationHours: count(168)
    .optional()
    .describe('Hours after which the keys of session tickets are replaced; default 24, 0: never.'),
});

const defaults = z.strictObject({
  target: z
    .strictObject({ host: text(253).describe('Name or address.'), port: port.describe('Port.') })
    .optional()
    .describe('Where connections go that match no route.'),
  security: defaultSecurity.optional().describe("Of every route; a route's own setting replaces it."),
});

const metrics = z.strictObject({
  enabled: z.boolean().optional().describe('Keep samples; default true.'),
  retentionSeconds: count(86_400, 1).optional().describe('Seconds that samples are kept; default 3600.'),
});

export const proxy = z
  .strictObject({
    address: address.optional().describe('Address to listen on; default all, IPv4 and IPv6.'),
    workers: z
      .union([count(256, 1), z.literal('auto')])
      .optional()
      .describe('Processes that serve, `auto`: one per core. Default: this process serves itself.'),
    drainTimeoutMs: count(600_000).default(10_000).describe('Open connections may end within this time at a stop.'),
    proxyIPs: z.array(addressPattern).optional().describe('Who may send PROXY protocol headers.'),
    acceptProxyProtocol: z
      .boolean()
      .optional()
      .describe('Read PROXY protocol headers; default: where `proxyIPs` names somebody.'),
    sendProxyProtocol: z
      .union([z.boolean(), z.enum(['v1', 'v2'])])
      .optional()
      .describe('What actions do that do not say it themselves; `true` is v1; default false.'),
    limits: limits.optional().describe('Connections of all routes.'),
    timeouts: timeouts.optional().describe('Deadlines of connections, in milliseconds.'),
    socket: socket.optional().describe('Options of sockets.'),
    tls: tls.optional().describe('What holds where a route says nothing.'),
    acme: acme.optional().describe('Certificates for routes whose certificate is `auto`.'),
    defaults: defaults.optional().describe('What holds where a route says nothing.'),
    metrics: metrics.optional().describe("Samples of the proxy's grouped metrics."),
    routes: z.array(route).default([]).describe('Asked in order of priority, then of how specific, then as listed.'),
  })
  .superRefine((value, context) => {
    if (value.acceptProxyProtocol === true && (value.proxyIPs ?? []).length === 0) {
      const message = 'got true, but proxyIPs names nobody; anybody could claim any address';
      context.addIssue({ code: 'custom', path: ['acceptProxyProtocol'], message });
    }
    if (value.tls?.minVersion === 'TLSv1.3' && value.tls.maxVersion === 'TLSv1.2') {
      context.addIssue({ code: 'custom', path: ['tls', 'minVersion'], message: 'expected no more than maxVersion' });
    }
    if (value.tls?.certificate !== undefined && value.tls.pfxFile !== undefined) {
      context.addIssue({ code: 'custom', path: ['tls', 'pfxFile'], message: 'stands beside certificate; keep one' });
    }
  });

export type TProxyConfig = z.output<typeof proxy>;
