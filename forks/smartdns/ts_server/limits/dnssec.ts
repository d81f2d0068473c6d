/**
 * Bounds and times of signing, with unit and reason.
 *
 * @module
 */

/** Seconds a signature is valid after it is made: long enough to notice and mend a failure over a holiday. */
export const signatureValiditySeconds = 14 * 86_400;
/** Seconds before its end that a signature is replaced: above any TTL in use, so that caches never hold an expired one. */
export const signatureRefreshSeconds = 7 * 86_400;
/** Seconds that a signature's start lies in the past: clocks of validators (RFC 6781 §4.4.2.1). */
export const signatureInceptionSeconds = 3_600;
/** Most seconds by which the end of a signature is moved forward, so that they are not all replaced at once. */
export const signatureJitterSeconds = 86_400;
/** Sets whose signatures are kept; about 1 kB each. */
export const signatureCacheEntries = 50_000;

/** TTL in seconds of DNSKEY, CDS and CDNSKEY: how long a key must be known before it is used. */
export const dnskeyTtlSeconds = 3_600;
/** Seconds until every server of the zone has a change. */
export const propagationSeconds = 300;
/** TTL in seconds of the DS records in the parent zone, where the operator tells no other: that of most top-level zones. */
export const parentDsTtlSeconds = 86_400;
/** Longest TTL in seconds of the zone's records, where no zone tells a longer one. */
export const zoneTtlSecondsMax = 86_400;
/** Keys of one zone: two of each role during a roll, and one more that leaves. */
export const zoneKeysMax = 8;

/** Bits of RSA keys (RFC 8624 leaves the length open; 2048 is what NIST SP 800-57 asks for). */
export const rsaKeyBits = 2_048;

/** Hash iterations of NSEC3 (RFC 9276 §3.1: none). */
export const nsec3Iterations = 0;
/** Most iterations accepted: validators treat more as insecure (RFC 9276 §3.2). */
export const nsec3IterationsMax = 50;
/** NSEC3 hashes of names kept between changes of a zone. */
export const nsec3HashesMax = 500_000;
/** Attempts to make a key whose tag no other key of the zone has. */
export const keyTagAttempts = 16;
