/**
 * Zones and how they are signed.
 *
 * @module
 */
import { z } from 'zod';
import { count, file, text } from './common.ts';
import { record, ttl } from './record.ts';

/** Octets of a master file: some hundred thousand records. */
const ZONE_CHARS_MAX = 67_108_864;
const SECONDS_MAX = 2_147_483_647;

const seconds = count(SECONDS_MAX);

const soa = z.strictObject({
  mname: text(255).optional().describe('First name server; default the first of `nameservers`, or `ns1.<zone>`.'),
  rname: text(255).optional().describe('Mailbox as a name; default `hostmaster.<zone>`.'),
  serial: count(4_294_967_295).optional().describe('First serial; default 1. Changes move it on.'),
  refresh: ttl.optional().describe('Seconds; default 3600.'),
  retry: ttl.optional().describe('Seconds; default 600.'),
  expire: ttl.optional().describe('Seconds; default 604800.'),
  minimum: ttl.optional().describe('Seconds that "no such record" may be cached; default 300.'),
});

const nsec3 = z.strictObject({
  iterations: count(50).optional().describe('Further hash iterations; default 0 (RFC 9276).'),
  salt: z
    .string()
    .regex(/^(?:[0-9A-Fa-f]{2}){0,255}$/, { error: 'expected hexadecimal text' })
    .optional()
    .describe('Hexadecimal; default none (RFC 9276).'),
});

const signatures = z.strictObject({
  validitySeconds: seconds.optional().describe('How long a signature is valid; default 14 days.'),
  refreshSeconds: seconds.optional().describe('How long before its end it is replaced; default 7 days.'),
  inceptionSeconds: seconds.optional().describe('How far its start lies in the past; default 3600.'),
  jitterSeconds: seconds.optional().describe('By how much ends are spread; default 86400.'),
  cacheEntries: count(10_000_000, 1).optional().describe('Sets whose signatures are kept; default 50000.'),
});

export const dnssec = z.strictObject({
  keyFolder: file
    .optional()
    .describe('Folder of the keys; without it they are in the store, and end with the process where that is `memory`.'),
  algorithm: z
    .enum(['ECDSAP256SHA256', 'ED25519', 'RSASHA256'])
    .optional()
    .describe('Of new keys; default `ECDSAP256SHA256`.'),
  scheme: z.enum(['csk', 'ksk-zsk']).optional().describe('One key for all (default), or a KSK and a ZSK.'),
  denial: z.enum(['nsec', 'nsec3', 'compact']).optional().describe('How absence is proved; default `compact`.'),
  nsec3: nsec3.optional().describe('Parameters of `nsec3`.'),
  signatures: signatures.optional().describe('Life of signatures.'),
  dnskeyTtlSeconds: seconds.optional().describe('TTL of the keys; default 3600.'),
  propagationSeconds: seconds.optional().describe('Until every server has a change; default 300.'),
  parentDsTtlSeconds: seconds.optional().describe("TTL of the parent's DS set; default 86400."),
  zoneTtlSecondsMax: seconds.optional().describe('Longest TTL in the zone; default 86400.'),
  zskLifetimeSeconds: seconds.optional().describe('A ZSK is replaced when it has signed for so long; default never.'),
  parentSignal: z
    .enum(['publish', 'none', 'delete'])
    .optional()
    .describe('What the parent is asked for by CDS and CDNSKEY: our keys (default), nothing, or to go insecure.'),
  digestTypes: z
    .array(z.union([z.literal(2), z.literal(4)]))
    .min(1)
    .optional()
    .describe('Digests of CDS and DS: 2 is SHA-256 (default), 4 is SHA-384.'),
  denialTtlSeconds: seconds.optional().describe('TTL of denial records where no zone tells it; default 300.'),
});

export const zone = z.strictObject({
  ttl: ttl.optional().describe('Seconds for records that tell none; default 3600.'),
  soa: soa.optional().describe('Fields of the SOA record; not with a master file that has one.'),
  nameservers: z.array(text(255)).min(1).max(32).optional().describe('Names of the name servers, as NS records.'),
  file: file.optional().describe('Master file (RFC 1035 §5) with records of the zone.'),
  text: z.string().max(ZONE_CHARS_MAX).optional().describe('The same as text, instead of a file.'),
  records: z.array(record).default([]).describe('Records, beside those of the master file.'),
  serialPolicy: z
    .enum(['increment', 'unixtime', 'date'])
    .optional()
    .describe('How the serial moves on; default `increment`.'),
  dnssec: dnssec.optional().describe('Sign the zone; absent: it is not signed.'),
});

export type TZoneConfig = z.output<typeof zone>;
export type TDnssecConfig = z.output<typeof dnssec>;
export type { TRecordConfig } from './record.ts';
