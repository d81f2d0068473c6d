/**
 * Bits of the second header word (RFC 1035 §4.1.1, RFC 4035 §3.1.6, §3.2.2).
 *
 * @module
 */

export const flagQr = 0x8000;
export const flagAa = 0x0400;
export const flagTc = 0x0200;
export const flagRd = 0x0100;
export const flagRa = 0x0080;
export const flagAd = 0x0020;
export const flagCd = 0x0010;
export const opcodeShift = 11;
export const opcodeMask = 15;
export const rcodeMask = 15;

/** DO in the OPT record's TTL field (RFC 3225 §3). */
export const ednsFlagDo = 0x8000;
