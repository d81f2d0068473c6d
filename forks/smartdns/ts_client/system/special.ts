/**
 * Names that never leave the machine (RFC 6761 §6.3, §6.4; RFC 7686 §2).
 *
 * @module
 */
import { isNormalSubdomain } from '#wire';

/** What a special name answers. `undefined` from `specialAnswer` means: an ordinary name. */
export interface ISpecialAnswer {
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  /** The data of the one record, when there is one. */
  readonly data: string | undefined;
}

const nodata: ISpecialAnswer = { rcode: 'NOERROR', data: undefined };
const nxdomain: ISpecialAnswer = { rcode: 'NXDOMAIN', data: undefined };
const loopback4: ISpecialAnswer = { rcode: 'NOERROR', data: '127.0.0.1' };
const loopback6: ISpecialAnswer = { rcode: 'NOERROR', data: '::1' };
const localhostName: ISpecialAnswer = { rcode: 'NOERROR', data: 'localhost' };

const loopbackReverse6 = `1.${'0.'.repeat(31)}ip6.arpa`;

/**
 * The answer for a special-use name.
 *
 * @param name in normal form: lower case, without final dot
 */
export function specialAnswer(name: string, type: string): ISpecialAnswer | undefined {
  if (isNormalSubdomain(name, 'localhost')) {
    if (type === 'A') return loopback4;
    return type === 'AAAA' ? loopback6 : nodata;
  }
  if (name === '1.0.0.127.in-addr.arpa' || name === loopbackReverse6) return type === 'PTR' ? localhostName : nodata;
  if (isNormalSubdomain(name, 'invalid') || isNormalSubdomain(name, 'onion')) return nxdomain;
  return undefined;
}
