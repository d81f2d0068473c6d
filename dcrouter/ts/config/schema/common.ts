/**
 * What several sections of the schema share.
 *
 * @module
 */
import { isIP } from 'node:net';
import { parseIpPattern } from '@dcrouter/smartproxy';
import { z } from 'zod';

/** Milliseconds of any timer: above, Node's timers fire at once (2^31 − 1). */
const TIMER_MS_MAX = 2_147_483_647;
/** Characters of a file name: Linux's PATH_MAX. */
const FILE_CHARS_MAX = 4_096;

export const port = z.int().min(1).max(65_535);
export const address = z.string().refine((value) => isIP(value) !== 0, { error: 'expected an IPv4 or IPv6 address' });
export const oneOrMore = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)]);

/** Milliseconds from `min` on. */
export const milliseconds = (min = 0) => z.int().min(min).max(TIMER_MS_MAX);
/** A number that is counted. */
export const count = (max: number, min = 0) => z.int().min(min).max(max);
export const text = (max: number) => z.string().min(1).max(max);
/** Never shown; may stand in a file of its own: `{ fromFile: path }`. */
export const secret = (max: number) => text(max).meta({ secret: true });
/** The name of a file or folder, relative to the file that names it. */
export const file = text(FILE_CHARS_MAX).meta({ path: true });
/** PEM text; `{ fromFile: path }` reads it from a file. */
export const pem = z.string().refine((value) => value.includes('-----BEGIN '), {
  error: "expected PEM text, which contains '-----BEGIN '",
});
export const secretPem = pem.meta({ secret: true });
export const tlsVersion = z.enum(['TLSv1.2', 'TLSv1.3']);

/** Addresses as the proxy takes them. */
export const addressPattern = z.string().refine((value) => parseIpPattern(value) !== null, {
  error:
    'expected an address, a network such as 10.0.0.0/8 or 2001:db8::/32, a range a-b, or a wildcard such as 10.0.*',
});

/** An address, or a network by its prefix length. */
export const network = z.string().refine(isNetwork, {
  error: 'expected an address or a network such as 10.0.0.0/8 or 2001:db8::/32',
});

function isNetwork(value: string): boolean {
  const [base = '', bits, ...rest] = value.split('/');
  const family = isIP(base);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
