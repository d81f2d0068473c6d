/**
 * Where names outside our zones are asked.
 *
 * @module
 */
import { z } from 'zod';
import { address, count, milliseconds, network, oneOrMore, pem, port, text } from './common.ts';

const upstream = z.union([
  text(512),
  z.strictObject({
    protocol: z.enum(['udp', 'tcp', 'tls', 'https']).describe('`udp` goes on over TCP where it must.'),
    host: text(253).describe('Address; for `tcp`, `tls` and `https` also a name.'),
    port: port.optional().describe('Default 53, 853 for `tls`, 443 for `https`.'),
    servername: text(253).optional().describe('Name that the certificate must carry; default `host`.'),
    addresses: z.array(address).min(1).optional().describe('Of a host that is a name.'),
    path: text(8_192).optional().describe('Of `https`; default `/dns-query`.'),
    method: z.enum(['POST', 'GET']).optional().describe('Of `https`; default `POST`.'),
    ca: oneOrMore(pem).optional().describe("Authorities to trust instead of the system's, PEM."),
    rejectUnauthorized: z.boolean().optional().describe('Default true.'),
  }),
]);
const upstreams = z.array(upstream).min(1).max(32);

const cache = z.strictObject({
  entriesMax: count(100_000_000).optional().describe('Answers kept; default 10000, 0 turns the cache off.'),
  bytesMax: count(Number.MAX_SAFE_INTEGER).optional().describe('Bytes kept; default 16 MiB.'),
  ttlMaxSeconds: count(2_147_483_647).optional().describe('Longest life of an answer; default 86400.'),
  negativeTtlMaxSeconds: count(2_147_483_647).optional().describe('Longest life of a denial; default 3600.'),
  failureMs: milliseconds().optional().describe('Milliseconds a failure is remembered; default 1000.'),
  staleSeconds: count(2_147_483_647)
    .optional()
    .describe('Seconds past its TTL that an answer may be given when nobody answers; default 0.'),
});

export const forward = z.strictObject({
  upstreams: upstreams.describe(
    'Resolvers in order: `9.9.9.9`, `tls://1.1.1.1#cloudflare-dns.com`, `https://host/dns-query`, or in full.',
  ),
  zones: z
    .record(text(255), upstreams)
    .optional()
    .describe('Other resolvers for some domains and everything below them.'),
  allowFrom: z
    .array(network)
    .optional()
    .describe(
      'Who may have names resolved; default loopback and private networks, so that nobody is an open resolver.',
    ),
  timeoutMs: milliseconds(1).optional().describe('Milliseconds for one question; default 5000.'),
  attemptTimeoutMs: milliseconds(1).optional().describe('Milliseconds for the first attempt; default 1000.'),
  attemptsMax: count(100, 1).optional().describe('Attempts over all resolvers; default 6.'),
  rotate: z.boolean().optional().describe('Begin with another resolver for every question; default false.'),
  recursionDesired: z.boolean().optional().describe('Ask with RD; default true.'),
  randomizeCase: z.boolean().optional().describe('Mix the case of names over UDP; default true.'),
  cookies: z.boolean().optional().describe('DNS cookies with UDP resolvers; default true.'),
  queriesPerSocket: count(65_535, 1).optional().describe('Questions per UDP socket; default 1.'),
  padding: z.boolean().optional().describe('Pad queries over TLS and HTTPS; default true.'),
  idleMs: milliseconds().optional().describe('Milliseconds that an unused connection stays open; default 10000.'),
  cache: z
    .union([z.literal(false), cache])
    .optional()
    .describe('`false` turns the cache off.'),
  inFlightMax: count(1_000_000, 1).optional().describe('Questions asked at one time; default 1000.'),
  waitingMax: count(1_000_000).optional().describe('Questions waiting for a place; default 4000.'),
  specialNames: z.boolean().optional().describe('Answer `localhost`, `invalid` and `onion` here; default true.'),
});
