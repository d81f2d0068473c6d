/**
 * Response codes by mnemonic (RFC 6895 §2.3).
 *
 * @module
 */
import { rcodes } from '#wire';

/** Extended codes fit 12 bits. */
const rcodeMax = 4_095;
const byName = new Map<string, number>(Object.entries(rcodes));

/**
 * The number of a mnemonic, or of `RCODE` with a number.
 *
 * @throws RangeError for an unknown one
 */
export function rcodeFromName(name: string): number {
  const known = byName.get(name.toUpperCase());
  if (known !== undefined) {
    return known;
  }
  const generic = /^RCODE(\d{1,4})$/i.exec(name)?.[1];
  const code = generic === undefined ? Number.NaN : Number(generic);
  if (!(code <= rcodeMax)) {
    throw new RangeError(`unknown response code ${name}; give a mnemonic such as NXDOMAIN`);
  }
  return code;
}
