/**
 * The `api` section: the management listener.
 *
 * @module
 */
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { SCOPES } from '../../api/scopes.ts';
import { address, count, file, network, port, text } from './common.ts';

const token = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { error: 'expected a name of letters, digits, `.`, `_` and `-`' })
    .describe('Names the token in the audit.'),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: "expected the token's SHA-256 as 64 hexadecimal digits" })
    .optional()
    .describe('SHA-256 of the token as 64 hexadecimal digits.'),
  hashFile: file.optional().describe('File that holds the hash.'),
  scopes: z.array(z.enum(SCOPES)).min(1).describe('What it may do.'),
});

const rateLimit = z.strictObject({
  perMinute: count(1_000_000, 1)
    .default(1_200)
    .describe('Requests per minute of one token, or of one address without a token.'),
  failedPerMinute: count(10_000, 1)
    .default(20)
    .describe('Unknown tokens per minute from one address; then none is looked up for the rest of the minute.'),
});

const tls = z.strictObject({
  keyFile: file.describe('Private key, PEM.'),
  certFile: file.describe('Certificate chain, PEM, leaf first.'),
});

export const api = z
  .strictObject({
    address: address.default('127.0.0.1').describe('Address to listen on; loopback unless it has TLS and a token.'),
    port: port.default(9090).describe('Port to listen on.'),
    tls: tls.optional().describe('Serve HTTPS with this certificate.'),
    insecure: z
      .boolean()
      .default(false)
      .describe('Listen beyond loopback without TLS, or without any token: somebody else protects the listener.'),
    hosts: z
      .array(text(253))
      .max(64)
      .default([])
      .describe('Names by which requests from this machine may address the API, beside localhost and addresses.'),
    allow: z.array(network).max(1_000).optional().describe('Addresses and networks that may use the API; default all.'),
    metricsAllow: z
      .union([z.literal('any'), z.array(network)])
      .optional()
      .describe('Who may read `/metrics`: addresses and networks, or `any`; default loopback.'),
    tokens: z.array(token).max(256).default([]).describe('Tokens that the document knows by their hashes.'),
    rateLimit: rateLimit.prefault({}).describe('Requests per minute.'),
  })
  .superRefine((value, context) => {
    const issue = (path: PropertyKey[], message: string): void => context.addIssue({ code: 'custom', path, message });
    if (!isLoopback(value.address) && !value.insecure) {
      const way = 'or listen on 127.0.0.1, or set api.insecure to true if somebody else protects the listener';
      if (value.tls === undefined) issue(['address'], `reaches beyond this machine without TLS: set api.tls, ${way}`);
      if (value.tokens.length === 0)
        issue(['address'], `reaches beyond this machine without any token: add one to api.tokens, ${way}`);
    }
    const names = new Set<string>();
    for (const [index, { name, hash, hashFile }] of value.tokens.entries()) {
      if ((hash === undefined) === (hashFile === undefined))
        issue(['tokens', index], 'expected either hash or hashFile');
      if (names.has(name)) issue(['tokens', index, 'name'], 'another token has the name; names must be unique');
      names.add(name);
    }
  });

export type TApiConfig = z.output<typeof api>;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether an address is this machine's own; IPv4 in IPv6 (RFC 4291 §2.5.5.2) counts as IPv4. */
export function isLoopback(value: string): boolean {
  return loopback.check(value, isIP(value) === 6 ? 'ipv6' : 'ipv4');
}
